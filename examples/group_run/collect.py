"""Facts of all members of a group, three ways. The README says when to use which."""

from nornir.core.task import MultiResult, Result, Task
from nornir_napalm.plugins.tasks import napalm_get
from nornir_netmiko.tasks import netmiko_send_command

from neops import (
    Device,
    DeviceOutcomes,
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    Outcome,
    Registration,
    WorkflowContext,
    group_result,
    register_function_block,
    run_in_thread,
    run_parallel,
)
from neops.devices import ReadsFacts
from neops_cms_inventory import outcomes_of

GroupResult = FunctionBlockResult[DeviceOutcomes]


def on_groups(name: str, description: str) -> Registration:
    """A block that reads from every member; a member that is unreachable does not fail the group."""
    return Registration(
        name=name,
        package="fb.example.io",
        version="1.0.0",
        description=description,
        run_on="group",
        fb_type="facts",
        param_cls=FunctionBlockParams,
        result_cls=DeviceOutcomes,
        is_pure=True,
    )


@register_function_block(on_groups("collect_parallel", "Read the members' facts with run_parallel"))
class CollectParallel(FunctionBlock[FunctionBlockParams, DeviceOutcomes]):
    """Async, without threads, on any vendor: the usual way."""

    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> GroupResult:
        async def collect(member: tuple[Device, ReadsFacts]) -> dict[str, str]:
            device, router = member
            facts = await router.get_facts()
            device.software_release = facts.os_version
            return {"os_version": facts.os_version}

        members = context.connect_all(ReadsFacts)
        answers = await run_parallel(collect, members, limit=50, return_exceptions=True)
        names = [device.name for device, _ in members]
        return group_result(dict(zip(names, answers, strict=True)), tolerate={Outcome.UNREACHABLE})


@register_function_block(on_groups("collect_nornir", "Read the members' facts with tasks of Nornir's plugins"))
class CollectNornir(FunctionBlock[FunctionBlockParams, DeviceOutcomes]):
    """Tasks that exist, as they are: each logs in with its own library."""

    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> GroupResult:
        nr = context.nornir(num_workers=50)
        answers = await run_in_thread(nr.run)(task=facts_and_clock)
        keep_versions(context, answers)
        return group_result(outcomes_of(answers), tolerate={Outcome.UNREACHABLE})


def facts_and_clock(task: Task) -> Result:
    """Nornir's own composition of tasks: nornir-napalm and nornir-netmiko, unchanged."""
    facts = task.run(task=napalm_get, getters=["facts"]).result["facts"]
    clock = task.run(task=netmiko_send_command, command_string="show clock").result
    return Result(host=task.host, result={"os_version": facts["os_version"], "clock": clock})


@register_function_block(on_groups("collect_proxy", "Read the members' facts in a Nornir task, whatever their vendor"))
class CollectProxy(FunctionBlock[FunctionBlockParams, DeviceOutcomes]):
    """Nornir's filters and processors, with devices of neops: one task for all vendors, on warm sessions."""

    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> GroupResult:
        nr = context.nornir(num_workers=50)
        answers = await run_in_thread(nr.run)(task=facts_of_any_vendor)
        keep_versions(context, answers)
        return group_result(outcomes_of(answers), tolerate={Outcome.UNREACHABLE})


def facts_of_any_vendor(task: Task) -> Result:
    """A task of your own: the connection `neops` is a blocking device with the methods of every capability."""
    router = task.host.get_connection("neops", task.nornir.config)
    return Result(host=task.host, result={"os_version": router.get_facts().os_version})


def keep_versions(context: WorkflowContext, answers: dict[str, MultiResult]) -> None:
    """Write what was read to the entities; it is persisted when the run completes."""
    for device in context.members(context.device_group):
        if not answers[device.name].failed:
            device.software_release = answers[device.name].result["os_version"]
