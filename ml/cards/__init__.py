"""Model cards: what a model is for, what it can and cannot do, and where it comes from.

After Mitchell et al., Model Cards for Model Reporting, 2019, https://arxiv.org/abs/1810.03993
"""
