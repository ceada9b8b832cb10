"""The built-in definitions of policies that the local Azure knows.

https://github.com/Azure/azure-policy/tree/master/built-in-policies/policyDefinitions
"""

# What they check; an assignment needs no identity.
CHECKING = frozenset(
    {
        # Machine Learning
        "438c38d2-3772-465a-a9cc-7a6666a275ce",
        "45e05259-1eb5-4f70-9574-baf73e9d219b",
        "5f0c7d88-c7de-45b8-ac49-db49e72eaa78",
        "6ddb1705-c8cf-450e-aa4b-19ad6703c440",
        "7804b5c7-01dc-4723-969b-ae300cc07ff1",
        "e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f",
        "679ddf89-ab8f-48a5-9029-e76054077449",
        "f110a506-2dcb-422e-bcea-d533fc8c35e2",
        "ba769a63-b8cc-4b2d-abf6-ac33c7204be8",
        "e413671a-dd10-4cc1-a943-45b598596cb7",
        "afe0c3be-ba3b-4544-ba52-0c99672a8ad6",
        "12e5dd16-d201-47ff-849b-8454061c293d",
        "19539b54-c61e-4196-9a38-67598701be90",
        # Kubernetes
        "040732e8-d947-40b8-95d6-854c95024bf8",
        "993c2fcd-2b29-49d2-9eb0-df2c3a730c32",
        "0a15ec92-a229-4763-bb14-0ea34a568f8d",
        "a1840de2-8088-4ea8-b153-b4c723e9cb01",
        "89f2d532-c53c-4f8f-9afa-4927b1114a0d",
        # Storage
        "8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54",
        "b2982f36-99f2-4db5-8eff-283140c09693",
        "6edd7eda-6dd8-40f7-810d-67160c639cd9",
        "4fa4b6c0-31ca-4c0d-b10d-24b96f62a751",
        # Key Vault
        "405c5871-3e91-4644-8a63-58e19d68ff5b",
        "a6abeaec-4d90-4a02-805f-6b26c4d3fbe9",
        "12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5",
        "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
        # Container Registry, Data Factory
        "dc921057-6b28-4fbe-9b83-f7bec05db6c2",
        "9f2dea28-e834-476c-99c5-3507b4728395",
        "0fdf0491-d080-4575-b627-ad0e843cba0f",
        "e8eef0a8-67cf-4eb4-9386-14b0e78733d4",
        "1cf164be-6819-4a50-b8fa-4bcaa4f98fb6",
    }
)

# What they change or deploy by themselves; an assignment needs an identity that may.
CHANGING = frozenset(
    {
        "a10ee784-7409-4941-b091-663697637c0f",
        "a6f9a2d0-cff7-4855-83ad-4cd750666512",
        "7838fd83-5cbb-4b5d-888c-bfa240972597",
        "ee40564d-486e-4f68-a5ca-7a621edae0fb",
        "f59276f0-5740-4aaf-821d-45d185aa210e",
        "90c90eda-bfe7-4c67-bf26-410420ed1047",
        "5cfb9e8a-2f13-40bd-a527-c89bc596d299",
        "33835ef6-bc67-4bde-bf5f-5a857f195a57",
    }
)
