"""Errors that tell the person who must act what to do."""

from __future__ import annotations


class EupneaError(Exception):
    """Base of every error that eupnea raises on purpose."""


class InputError(EupneaError):
    """Something in the input or the config is wrong; says what, where, what was found, what is allowed, what to change.

    Parameters
    ----------
    what
        One sentence: what is wrong.
    where
        The file, line, channel or config key it is in.
    found
        The value found, if there is one.
    allowed
        What would have been right.
    change
        What the reader should do.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str,
        found: object | None = None,
        allowed: object | None = None,
        change: str | None = None,
    ) -> None:
        self.what, self.where, self.found, self.allowed, self.change = what, where, found, allowed, change
        super().__init__(self._text())

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a trip between processes."""
        return _rebuild, (type(self), self.what, self.where, self.found, self.allowed, self.change)

    def _text(self) -> str:
        lines = [self.what, f"  where:   {self.where}"]
        for label, value in (("found", self.found), ("allowed", self.allowed), ("do", self.change)):
            if value is not None:
                lines.append(f"  {label + ':':<9}{value}")
        return "\n".join(lines)


class ConfigError(InputError):
    """The study config cannot be used."""


class RecordingError(InputError):
    """One recording cannot be used; it is set aside with `reason`, the study goes on.

    `what` is the reason that stands in ``recordings.tsv``.
    """


class LeakError(EupneaError):
    """An analysis let enrolment or training data touch the probe or test side; the run stops."""


def _rebuild(
    kind: type[InputError], what: str, where: str, found: object, allowed: object, change: str | None
) -> InputError:
    return kind(what, where=where, found=found, allowed=allowed, change=change)
