"""The claim that an object can hibernate: answers with None, or with everything that keeps it in memory."""

from typing import Final

from pytest_durable._instruments.report import SOCKETS, Advice, Failure
from pytest_durable._instruments.subject import Subject

_ADVICE: Final = Advice(
    fact="Let what runs come to its end, and accept sockets for hibernation:",
    command="ctx.acceptWebSocket(server)",
    page=SOCKETS,
)


def can_hibernate(subject: Subject) -> Failure | None:
    """Nothing keeps the object in memory."""
    reasons = subject.host.what_keeps(subject.stub)
    if not reasons:
        return None
    count = "1 thing keeps" if len(reasons) == 1 else f"{len(reasons)} things keep"
    return Failure(
        claim=f"{subject.label} cannot hibernate: {count} it in memory.",
        rows=[(str(number), reason) for number, reason in enumerate(reasons, 1)],
        advice=_ADVICE,
        story=subject.story,
    )
