from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

from marketplace.schedules import SCHEDULES


class Command(BaseCommand):
    help = "Make the worker's schedules equal to the table in marketplace/schedules.py."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        Schedule.objects.exclude(name__in=[item.name for item in SCHEDULES]).delete()
        for item in SCHEDULES:
            rows = Schedule.objects.filter(name=item.name)
            wanted = {
                "func": item.task,
                "schedule_type": Schedule.MINUTES,
                "minutes": item.minutes,
                "repeats": -1,
            }
            if not rows.update(**wanted):
                first_run = timezone.now() + timedelta(seconds=10)
                Schedule.objects.create(name=item.name, next_run=first_run, **wanted)
        self.stdout.write(f"{len(SCHEDULES)} schedules are in place.")
