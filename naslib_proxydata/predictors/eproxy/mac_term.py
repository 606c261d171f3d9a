"""The factor by which multiply-accumulates change Eproxy's loss (arXiv 2210.09459)."""

from __future__ import annotations


def mac_term(macs: float, alpha: float, reference: float | None) -> float:
    """Return ``1 - alpha macs / reference``, by which a loss is multiplied.

    The sign is that of the authors' program (GenNAS-Zero), so that a positive alpha makes the
    loss of a large architecture smaller, its score higher. The paper writes
    ``1 + alpha norm(FLOPs)``: its alpha is the negative of this one.

    Args:
        macs: Multiply-accumulates of the architecture.
        alpha: Strength, in [-1, 1]; DPS searches [-0.5, 0.5]. 0 for no such term.
        reference: Multiply-accumulates of the space's largest architecture at the same image
            size; None where they are not known, for no such term.
    """
    if not alpha or reference is None:
        return 1.0
    return 1.0 - alpha * macs / reference
