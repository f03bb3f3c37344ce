"""What a device answers to one line: modes, questions, commands and configuration. Pure: lines in, text out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from neops.testing.simulator.acting import act
from neops.testing.simulator.commands import Match, NoMatch, filtered, split_pipes
from neops.testing.simulator.configuration import ConfigurationLocked, LineRejected
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.editing import Editing
from neops.testing.simulator.platform import Asked, Verb
from neops.testing.simulator.replies import Question, Reply
from neops.testing.simulator.storage import StorageFull
from neops.testing.simulator.template import TemplateInvalid, render
from neops.testing.simulator.terminal import CTRL_C, CTRL_D, CTRL_Z
from neops.testing.simulator.texts import Reading
from neops.testing.simulator.wording import Wording

SECRET_ATTEMPTS = 3  # IOS, NX-OS and EOS give up after three


class Shell:
    """One session on a device: its mode, its place in the configuration, its open question."""

    def __init__(self, device: DeviceState, *, unprivileged: bool = False) -> None:
        self._device = device
        self._platform = device.platform.data
        self._wording = Wording(device)
        privileged = self._platform.login_privileged
        at_once = privileged and not device.spec.enable_secret and not unprivileged
        self._mode = privileged if at_once else self._platform.login
        self._question: Question | None = None
        self.editing: Editing | None = None
        self.page_length: int | None = None
        """Lines of a page after the client asked for it; 0: no paging; None: never asked."""

    @property
    def prompt(self) -> str:
        if self._question:
            return self._question.prompt
        if self.editing:
            return self.editing.prompt()
        return render(self._platform.modes[self._mode].prompt, self._wording.prompt_scope())

    @property
    def hides_input(self) -> bool:
        """The next line is a secret: it is not echoed and not kept."""
        return self._question is not None and self._question.secret

    @property
    def asks(self) -> bool:
        """The next line answers a question."""
        return self._question is not None

    @property
    def reads_text(self) -> bool:
        """The next line belongs to a text."""
        return self._question is not None and not self._question.prompt

    def only_prints(self, line: str) -> bool:
        """Whether this is an operational command that does nothing."""
        found = self._find(line)[0]
        return isinstance(found, Match) and not found.command.acts and not self.editing

    def greeting(self) -> str:
        return render(self._platform.greeting, self._device.scope()) if self._platform.greeting else ""

    def enter(self, line: str) -> Reply:
        """Carry one line out."""
        if line.strip().isprintable() and line.strip() and not self.hides_input:
            self._device.evidence.commands.append(line.strip())
        try:
            return self._answer(line) if self._question else self._command(line)
        except TemplateInvalid as error:
            return Reply(text=f"% simulator: {error}", failed=True)
        except FileNotFoundError as error:
            names = {"file": str(error), "command": line.split()[0]}
            return Reply(text=render(self._platform.errors.no_file, names), failed=True)
        except StorageFull:
            return Reply(text=self._platform.errors.no_space, failed=True)

    def _answer(self, line: str) -> Reply:
        assert self._question is not None
        question, self._question = self._question, None
        return Reply() if line == CTRL_C else question.answer(line)

    def _command(self, line: str) -> Reply:
        if line in (CTRL_C, CTRL_D):
            return Reply(closes=line == CTRL_D and not self.editing)
        command = "end" if line == CTRL_Z else line.strip()
        if not command:
            return Reply()
        return self._configure(command) if self.editing else self._operate(command)

    def execute(self, command: str) -> Reply:
        """Carry one command out as an exec request: privileged, without a prompt."""
        self._mode = self._platform.shell_mode
        return self.enter(self._platform.in_shell(command))

    def close(self) -> None:
        """The session is gone: what it held is let go."""
        if self.editing:
            self.editing.release()
            self.editing = None

    # operation

    def _operate(self, line: str) -> Reply:
        found, pipes = self._find(line)
        if isinstance(found, NoMatch):
            return self._error(found, line)
        session = found.arguments.get("session")
        if session is not None and not found.command.candidate and session not in self._device.datastore.candidates:
            return self._error(NoMatch(reason="unknown", at=line.split().index(session)), line)
        return self._ask_first(found) if found.command.acts else self._printed(found, pipes)

    def _find(self, line: str) -> tuple[Match | NoMatch, list[str]]:
        """The command of the whole line, or of what stands before its pipes."""
        tables = (self._device.answers, self._device.platform.commands)
        before, pipes = split_pipes(line)
        for text, rest in ((line, []), (before, pipes)) if pipes else ((line, []),):
            for table in tables:
                found = table.find(text, self._mode)
                if isinstance(found, Match):
                    return found, rest
        return found, pipes

    def _printed(self, found: Match, pipes: list[str]) -> Reply:
        text = self._wording.text(found, self.editing)
        for pipe in pipes:
            name, _, argument = pipe.partition(" ")
            verb = next((v for word, v in self._platform.pipes.items() if name and word.startswith(name)), None)
            if verb is None:
                return self._error(NoMatch(reason="unknown"), pipe)
            text = filtered(text, verb, argument)
        return Reply(text=text)

    # questions

    def _ask_first(self, found: Match) -> Reply:
        command = found.command
        if command.secret and self._device.spec.enable_secret:
            self._ask_secret(found, SECRET_ATTEMPTS)
            return Reply()
        return self._ask_next(found, command.questions)

    def _ask_next(self, found: Match, asks: Sequence[Asked]) -> Reply:
        """Ask the questions that apply, then carry the command out."""
        if not asks:
            return self._carry_out(found)
        asked, *rest = asks
        if self._device.spares(asked):
            return self._ask_next(found, rest)

        def answer(typed: str) -> Reply:
            verbs = asked.verbs_for(typed)
            if verbs is None:
                return self._ask_next(found, asks)
            if "cancel" in verbs:
                return Reply()
            for verb in verbs:
                self._do(verb, found)
            return self._ask_next(found, rest)

        self._question = Question(prompt=render(asked.ask, self._wording.scope(found, self.editing)), answer=answer)
        return Reply()

    def _ask_secret(self, found: Match, attempts: int) -> None:
        def answer(secret: str) -> Reply:
            if secret == self._device.spec.enable_secret:
                return self._carry_out(found)
            if attempts <= 1:
                return Reply(text=found.command.denied, failed=True)
            self._ask_secret(found, attempts - 1)
            return Reply()

        self._question = Question(prompt=found.command.secret, answer=answer, secret=True)

    # verbs

    def _carry_out(self, found: Match) -> Reply:
        command = found.command
        for verb in command.does:
            reply = self._do(verb, found)
            if reply:
                return reply
        if command.to:
            self._mode = command.to
        return Reply(text=self._wording.text(found, self.editing))

    def _do(self, verb: Verb, found: Match) -> Reply | None:
        """Carry one verb out; a reply ends the command here."""
        try:
            if act(self._device, verb, found.arguments):
                return None
        except LineRejected as rejected:
            refusal = self._refusal(
                self._platform.errors.configuration or self._platform.errors.unknown, rejected.line, 0
            )
            return Reply(text=f"{rejected.line}\n{refusal.text}", failed=True)
        match verb:
            case "close":
                return Reply(text=self._wording.text(found, self.editing), closes=True)
            case "reboot":
                return Reply(text=self._wording.text(found, self.editing), reboots=True)
            case "page_length":
                self.page_length = int(found.arguments.get("rows", "0"))
            case "confirm":
                return self._settle(found, kept=True)
            case "revert":
                return self._settle(found, kept=False)
            case "drop" if not self.editing:
                self._device.datastore.candidates.pop(found.arguments.get("session", ""), None)
            case "configure":
                return self._start_configuration(found)
            case _:
                assert self.editing is not None
                return self._do_in_configuration(verb, found)
        return None

    def _settle(self, found: Match, *, kept: bool) -> Reply | None:
        """End the waiting for a confirmation; a command with `unchanged` says so when nothing waits."""
        store = self._device.datastore
        if found.command.unchanged and not store.awaits_confirmation:
            return Reply(text=render(found.command.unchanged, self._wording.scope(found, self.editing)), failed=True)
        if kept:
            store.confirm()
        else:
            store.revert()
        return None

    def _start_configuration(self, found: Match) -> Reply | None:
        configuration = self._platform.configuration
        assert configuration is not None
        label = render(found.command.label, self._wording.scope(found, self.editing))
        editing = Editing(self._device, found.command.candidate, name=found.arguments.get("session", ""), label=label)
        try:
            editing.start()
        except ConfigurationLocked:
            return Reply(text=configuration.locked, failed=True)
        self.editing = editing
        return None

    # configuration

    def _configure(self, line: str) -> Reply:
        assert self.editing is not None
        data = self.editing.data
        if data.operational and line.startswith(f"{data.operational} "):
            return self._operate(line.removeprefix(data.operational).strip())
        before, pipes = split_pipes(line)
        table = self._device.platform.configuration_commands
        for text, rest in ((line, []), (before, pipes)):
            found = table.find(text, "")
            if isinstance(found, Match):
                return self._configuration_command(found, rest)
        if data.shows and not isinstance(shown := self._find(line)[0], NoMatch) and not shown.command.does:
            return self._operate(line)
        return self._edit(line)

    def _configuration_command(self, found: Match, pipes: list[str]) -> Reply:
        if found.command.does:
            return self._ask_first(found)
        return self._printed(found, pipes)

    def _edit(self, line: str) -> Reply:
        assert self.editing is not None
        question = next((asks for begin, asks in self.editing.data.asks.items() if re.match(begin, line)), None)
        if question is not None:
            self._question = Question(
                prompt=question, answer=lambda said: Reply() if said.startswith("n") else self._edited(line)
            )
            return Reply()
        reading = Reading.begun(self.editing.data.texts, line)
        if reading is None or reading.whole:
            return self._edited(line if reading is None else reading.line)
        self._read_on(reading)
        return Reply(text=reading.invitation)

    def _edited(self, line: str) -> Reply:
        assert self.editing is not None
        try:
            self.editing.edit(line)
        except LineRejected as rejected:
            errors = self._platform.errors
            return self._refusal(errors.configuration or errors.unknown, line, rejected.at)
        return Reply()

    def _read_on(self, reading: Reading) -> None:
        """Take lines of a text in until its end mark, without a prompt."""

        def take(line: str) -> Reply:
            more = reading.with_line(line)
            if more.whole:
                return self._edited(more.line)
            self._read_on(more)
            return Reply()

        self._question = Question(prompt="", answer=take)

    def _do_in_configuration(self, verb: Verb, found: Match) -> Reply | None:
        assert self.editing is not None
        editing = self.editing
        match verb:
            case "leave":
                return self._leave(found)
            case "up":
                return Reply() if editing.up() else self._leave(found)
            case "top":
                editing.path = ()
            case "load":
                return self._read_until_end(found, [])
            case _:
                return self._change(verb, found)
        return None

    def _change(self, verb: Verb, found: Match) -> Reply | None:
        assert self.editing is not None
        idle = not self.editing.changed and not self._device.datastore.awaits_confirmation
        if found.command.unchanged and idle:
            return Reply(text=render(found.command.unchanged, self._wording.scope(found, self.editing)))
        try:
            self.editing.change(verb, found.arguments)
        except (IndexError, ValueError):
            return self._error(NoMatch(reason="unknown", at=1), " ".join(found.arguments.values()))
        return None

    def _leave(self, found: Match) -> Reply | None:
        assert self.editing is not None
        leaving = self.editing.data.leaving
        if self.editing.changed and leaving:
            self._question = Question(prompt=leaving.ask, answer=lambda answer: self._left(answer, found))
            return Reply()
        self.close()
        return None

    def _left(self, answer: str, found: Match) -> Reply:
        assert self.editing is not None
        leaving = self.editing.data.leaving
        assert leaving is not None
        typed = answer.strip().lower() or leaving.default
        for beginning, verbs in leaving.answers.items():
            if beginning.startswith(typed) or typed.startswith(beginning):
                for verb in verbs:
                    if verb == "leave":
                        self.close()
                        return Reply(text=self._wording.text(found, self.editing))
                    self.editing.change(verb, {})
                return Reply()
        return self._leave(found) or Reply()

    def _read_until_end(self, found: Match, lines: list[str]) -> Reply:
        """Take a configuration in until Ctrl-D, as `load … terminal` does."""

        def take(line: str) -> Reply:
            assert self.editing is not None
            if line != CTRL_D:
                return self._read_until_end(found, [*lines, line])
            try:
                self.editing.load(lines, found.arguments)
            except LineRejected as rejected:
                number = next((n for n, line in enumerate(lines, 1) if rejected.line.split()[rejected.at] in line), 0)
                template = self.editing.data.not_loaded or self._platform.errors.unknown
                return self._refusal(template, rejected.line, rejected.at, number)
            return Reply(text=self._wording.text(found, self.editing))

        self._question = Question(prompt="", answer=take)
        return Reply(text="[Type ^D at a new line to end input]" if not lines else "")

    def _error(self, why: NoMatch, line: str) -> Reply:
        return self._wording.error(why, line, self.prompt)

    def _refusal(self, template: str, line: str, word: int, number: int = 0) -> Reply:
        return self._wording.refusal(template, line, self.prompt, word, number)
