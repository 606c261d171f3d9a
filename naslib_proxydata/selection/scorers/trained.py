"""Scorers that look at a model trained on the dataset itself."""

from __future__ import annotations

from naslib_proxydata.selection.scorers.base import Scorer


class TrainedModelScorer(Scorer):
    """Needs labels, and a classifier that learns them: ResNet-20 where the user names none."""

    own_model = "resnet20"
    needs_labels = True
