"""Every error that crosses a room's wall, in one tree.

    NeopsError
    ├── UsageError                what was asked cannot be done as asked: the CLI answers exit code 2
    │   ├── SettingsInvalid
    │   ├── RegistrationInvalid   a function block declares something impossible
    │   ├── WorkflowInvalid       the document has mistakes, all of them listed
    │   ├── QueryInvalid          a query string has a mistake, its position given
    │   ├── ExpressionInvalid     a JMESPath expression or template has a mistake, its position given
    │   └── InventoryInvalid
    ├── InterpolationFailed       a {{ }} expression named something that is not there
    ├── DeviceError               a device did not do what was asked; `device` names it
    │   ├── CapabilityMissing     no installed plugin can, decided before any login
    │   ├── ConnectFailed
    │   │   ├── Unreachable
    │   │   │   └── DeviceHeldOff  it did not answer several times in a row: nothing was sent
    │   │   ├── DeviceExcluded    an operator's rule says never to log in there
    │   │   ├── CredentialsUnavailable  a provider that was to give them failed
    │   │   ├── HostKeyRejected
    │   │   └── AuthenticationFailed
    │   │       └── EnableRefused  the login was taken, the enable secret was not
    │   ├── SessionLost           the session broke or was aborted in the middle of an operation
    │   ├── OperationTimedOut
    │   ├── NotStarted            nothing was asked of the device: the job's time was up before its turn
    │   ├── CommandRejected       the device answered with its error text
    │   ├── DialogueFailed        a command asked something else than was expected, or did not ask
    │   ├── NotBack               a device did not come back from a reboot in time
    │   ├── TransferFailed        a file did not arrive as it is: nothing has its name that is not whole
    │   ├── ChangeFailed          a change of configuration was not made or not kept; `outcome` says what runs
    │   │   ├── ConfigRejected    the device refused a line, which is quoted; the rest was undone
    │   │   └── ConfigLocked      somebody else is changing the configuration
    │   └── ParseFailed           the output did not match: not the same as empty
    └── BlockFailed               raised by an author: the network is wrong, no code broke

Four things stay apart: the block's *failure* (BlockFailed or `success=False`: the network is wrong), the block's
*error* (any other exception out of the block), ours (a NeopsError that is none of the above), and a cancellation, also
of a job whose lease is lost (`asyncio.CancelledError`), which nobody swallows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class NeopsError(Exception):
    """Root of all errors that neops raises on purpose.

    `retryable` is a hint for the engine: False means that doing the same again gives the same error.
    """

    retryable: bool = True


class UsageError(NeopsError):
    """What was asked cannot be done as asked; the message says what to write instead."""

    retryable = False


class SettingsInvalid(UsageError):
    """A setting has a value that it cannot have."""


class RegistrationInvalid(UsageError):
    """A function block's registration contradicts its class; raised when the class is defined."""


class InventoryInvalid(UsageError):
    """An inventory cannot be read; the message names file and entry."""


class QueryInvalid(UsageError):
    """A query string has a mistake.

    `position` is the offset into `query` in characters, None when the whole query is meant.
    """

    def __init__(self, query: str, problem: str, position: int | None = None) -> None:
        where = "" if position is None else f" at character {position + 1}"
        super().__init__(f"query {query!r}{where}: {problem}")
        self.query, self.problem, self.position = query, problem, position


class ExpressionInvalid(UsageError):
    """A JMESPath expression or a `{{ }}` template has a mistake.

    `position` is the offset into `expression` in characters, None when all of it is meant.
    """

    def __init__(self, expression: str, problem: str, position: int | None = None) -> None:
        where = "" if position is None else f" at character {position + 1}"
        super().__init__(f"expression {expression!r}{where}: {problem}")
        self.expression, self.problem, self.position = expression, problem, position


@dataclass(frozen=True, kw_only=True)
class WorkflowIssue:
    """One mistake in a workflow document.

    `path` is the field's path (`steps[1].parameters.host`), `line` and `column` count from 1 where the text is known.
    """

    path: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return ": ".join(part for part in (place, self.path, self.message) if part)


class WorkflowInvalid(UsageError):
    """The workflow document has mistakes; `issues` holds all of them, in document order."""

    def __init__(self, issues: Iterable[WorkflowIssue]) -> None:
        self.issues: tuple[WorkflowIssue, ...] = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))


class InterpolationFailed(NeopsError):
    """A `{{ }}` expression named something that is not there.

    `path` is the place of the template in the parameters, `expression` its text.
    """

    retryable = False

    def __init__(self, path: str, expression: str, problem: str) -> None:
        super().__init__(f"{path}: {{{{ {expression} }}}} {problem}")
        self.path, self.expression, self.problem = path, expression, problem


class DeviceError(NeopsError):
    """A device did not do what was asked; `device` is its name in the inventory."""

    def __init__(self, device: str, message: str) -> None:
        super().__init__(f"{device}: {message}")
        self.device, self.message = device, message


@dataclass(frozen=True, kw_only=True)
class Considered:
    """One plugin that was looked at for a device, and why it fell out."""

    plugin: str
    reason: str


class CapabilityMissing(DeviceError):
    """No installed plugin gives this device what was asked; known before any login.

    `capabilities` are the names that were asked, `considered` says of each plugin why it fell out.
    """

    retryable = False

    def __init__(
        self, device: str, platform: str | None, capabilities: Sequence[str], considered: Sequence[Considered]
    ) -> None:
        asked = " + ".join(capabilities)
        plugins: dict[str, list[str]] = {}
        for one in considered:
            plugins.setdefault(one.reason, []).append(one.plugin)
        reasons = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in plugins.items())
        reasons = reasons or "no connection plugin is installed"
        on = f"platform {platform}" if platform else "a device without a platform"
        advice = "" if platform else ": name it, or find it out with `neops detect`"
        if platform and len(considered) > len(plugins) == 1:  # all say the same: none of them helps
            advice = ": `neops plugins matrix` shows the platforms that are served"
        super().__init__(device, f"no plugin serves {asked} on {on}{advice} ({reasons})")
        self.platform, self.capabilities, self.considered = platform, tuple(capabilities), tuple(considered)


class ConnectFailed(DeviceError):
    """No session could be opened."""


class Unreachable(ConnectFailed):
    """Nothing answered at the device's address, or it stopped answering while the session opened."""


class DeviceHeldOff(Unreachable):
    """The device did not answer several times in a row, and is left alone for a while: nothing was sent.

    `again_in_s` is when it may be tried again, None while another login tries it.
    """

    def __init__(self, device: str, *, failures: int, reason: str, open_for_s: float, again_in_s: float | None) -> None:
        then = "another login tries it now" if again_in_s is None else f"tried again in {again_in_s:.0f} s"
        times = f"{failures} time{'s' if failures > 1 else ''} in a row without an answer"
        super().__init__(device, f"not tried, held off for {open_for_s:.0f} s now: {times} (last: {reason}); {then}")
        self.failures, self.reason, self.again_in_s = failures, reason, again_in_s


class DeviceExcluded(ConnectFailed):
    """A rule of the operator says never to log in to this device: nothing was sent. `rule` is its text."""

    retryable = False

    def __init__(self, device: str, rule: str, origin: str) -> None:
        super().__init__(device, f"never logged in to: the rule {rule!r} ({origin}) excludes it")
        self.rule, self.origin = rule, origin


class CredentialsUnavailable(ConnectFailed):
    """A provider of credentials failed when it was its turn: the message names it. See NEOPS_CREDENTIALS."""


class HostKeyRejected(ConnectFailed):
    """The device showed an SSH host key that is not the known one: it may be another machine."""

    retryable = False


class AuthenticationFailed(ConnectFailed):
    """The device refused the credentials. Trying again may lock the account."""

    retryable = False


class EnableRefused(AuthenticationFailed):
    """The device let us in and refused the enable secret; `neops.devices.failures.secret_refused` words it."""


class SessionLost(DeviceError):
    """The session broke, or was aborted, in the middle of an operation: whether it took effect is not known."""


class OperationTimedOut(DeviceError):
    """The device did not answer before the deadline; the session was closed."""


class NotStarted(DeviceError):
    """Nothing was asked of the device: the job's time was up, or the job was over, before its turn came."""


class CommandRejected(DeviceError):
    """The device answered a command with its own error text.

    `output` is what the device said.
    """

    retryable = False

    def __init__(self, device: str, command: str, output: str) -> None:
        lines = output.strip().splitlines()
        super().__init__(device, f"rejected {command!r}: {lines[-1].strip() if lines else 'no output'}")
        self.command, self.output = command, output


class DialogueFailed(DeviceError):
    """A command asked something that no answer was given for, or did not ask what was expected.

    `output` is what the device said. A question that nobody answered was cancelled.
    """

    retryable = False

    def __init__(self, device: str, command: str, problem: str, output: str) -> None:
        said = " / ".join(line.strip() for line in output.splitlines()[-3:] if line.strip())
        super().__init__(device, f"{command!r} {problem}; it said: {said or 'nothing'}")
        self.command, self.output = command, output


class NotBack(DeviceError):
    """A device did not go down for its reboot, or did not come back in time: somebody should look."""


class TransferFailed(DeviceError):
    """A file was not transferred, or not whole. Under its own name there is what was there before, or nothing."""


class ChangeFailed(DeviceError):
    """A change of configuration was not made, or not kept.

    `outcome` says what the device has now: `unchanged`, `changed`, `reverted` or `unknown`.
    """

    def __init__(self, device: str, message: str, outcome: str = "unknown") -> None:
        super().__init__(device, message)
        self.outcome = outcome


class ConfigRejected(ChangeFailed):
    """The device refused a line of a configuration; what was done is undone. `line` is that line, `answer` its text."""

    retryable = False

    def __init__(self, device: str, line: str, answer: str, outcome: str = "unchanged") -> None:
        said = " / ".join(text.strip() for text in answer.splitlines() if text.strip(" ^\t")) or "no reason given"
        super().__init__(device, f"rejected the line {line.strip()!r}: {said}", outcome)
        self.line, self.answer = line, answer


class ConfigLocked(ChangeFailed):
    """Somebody else is changing the configuration: nothing was done. Try again later."""

    def __init__(self, device: str, answer: str) -> None:
        said = " ".join(answer.split()) or "no reason given"
        super().__init__(device, f"somebody else holds the configuration: {said}", "unchanged")


class ParseFailed(DeviceError):
    """Output did not match what the parser knows. An empty list is never this: it means there is nothing.

    `output` is what the device said to a command that was to be parsed.
    """

    retryable = False
    output: str = ""

    def __init__(self, device: str, command: str, problem: str) -> None:
        super().__init__(device, f"cannot parse the output of {command!r}: {problem}")
        self.command, self.problem = command, problem


class BlockFailed(NeopsError):
    """Raise it in a block when the network is wrong: the result is a failure, without a traceback.

    `retryable=True` asks the engine to try again under the step's retry rules.
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable
