"""All tasks by name."""

from __future__ import annotations

from domain.picture import PictureTask
from pipelines.image.tasks.edit import Edit
from pipelines.image.tasks.image import FromImage
from pipelines.image.tasks.inpaint import Inpaint
from pipelines.image.tasks.outpaint import Outpaint
from pipelines.image.tasks.task import Task
from pipelines.image.tasks.text import FromText

TASKS: dict[PictureTask, Task] = {task.name: task for task in (FromText(), FromImage(), Inpaint(), Outpaint(), Edit())}
