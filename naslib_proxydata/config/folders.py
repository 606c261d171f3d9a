"""Fields of the commands that read folders of images."""

from __future__ import annotations

from pydantic import Field

from naslib_proxydata.schema import Settings


class FolderFields(Settings):
    """How the images of a folder are read."""

    image_size: int | None = Field(
        None,
        ge=1,
        description="Side in pixels to which a folder's images are resized and cropped; null "
        "squashes those of another size than the first.",
    )
    skip_damaged: bool = Field(
        False, description="Leave out a folder's images that cannot be read, and list them."
    )
