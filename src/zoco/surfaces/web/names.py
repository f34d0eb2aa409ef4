"""What are tasks, libraries, licences and domains called for people, and which colour is a task's domain?"""

from __future__ import annotations
