"""Every component names the environment of the lock, also where it stands inside a task."""

from ml import environments


def test_a_new_lock_is_named_by_every_component():
    components = {
        "plain.yaml": "name: a\nenvironment: azureml:mlops-steps:old\n",
        "parallel.yaml": "task:\n  environment: azureml:mlops-steps:old\n  code: ..\n",
        "inputs.yaml": "environment: azureml:mlops-steps:old\ninputs:\n"
        "  environment: {type: string}\n",
    }
    made = environments.generated("numpy==2.0.0\n", components)
    texts = {path.name: text for path, text in made.items() if path.name in components}
    assert len(texts) == 3
    assert "old" not in "".join(texts.values())
    assert texts["parallel.yaml"].startswith("task:\n  environment: azureml:mlops-steps:")
    assert "  environment: {type: string}\n" in texts["inputs.yaml"]
