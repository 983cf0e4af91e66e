"""Faults of processes: killed, stopped, frozen, joined and left (faults 1 to 7, 24, 27)."""

import os
import random
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from axis.stack import single
from axis.stack.alone import Child, launch
from axis.stack.ports import choose_ports
from tests.lab.scene import Scene
from tests.soak.fault import Fault, Heal, nothing

PLACES = (
    ("gateway", "take.content-written"),
    ("gateway", "take.committed"),
    ("gateway", "take.published"),
    ("bridge", "take.content-written"),
    ("bridge", "take.committed"),
    ("bridge", "bridge.settled"),
    ("bridge", "bridge.published"),
    ("worker", "admit.judged"),
    ("worker", "admit.committed"),
    ("worker", "admit.published"),
    ("worker", "route.committed"),
    ("worker", "ack.committed"),
    ("sealer", "seal.signed"),
    ("sealer", "seal.committed"),
)
OURS = ("gateway", "bridge", "worker", "sealer", "keeper")
SERVERS = ("postgres", "kafka", "registry", "authority")
OLD_ENOUGH = 2.0
"""Seconds a process must have lived: the supervisor counts a shorter life as a failed start."""
ROOT = Path(__file__).parents[2]


class Killer:
    """Kills processes and counts how often."""

    def __init__(self) -> None:
        """Nobody is dead yet."""
        self.kills: dict[str, int] = {}

    def kill(self, scene: Scene, name: str) -> bool:
        """Kill a process that has lived long enough; say whether there was one."""
        pid = scene.pid(name)
        if not pid or time.time() - scene.supervisor.started_at(name) < OLD_ENOUGH:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.kills[name] = self.kills.get(name, 0) + 1
        return True

    def total(self) -> int:
        """Return how many were killed."""
        return sum(self.kills.values())

    def volley(self, scene: Scene, lot: random.Random, count: int) -> int:
        """Kill so many processes in quick succession, each at a moment of its own."""
        done, until = 0, time.monotonic() + 4.0 * count
        while done < count and time.monotonic() < until:
            names = (*OURS, *OURS, "console", "postgres", "kafka", "registry", "authority", "judge")
            name = lot.choice(names)
            if name == "judge":
                judges = scene.judges()
                if judges:
                    with suppress(ProcessLookupError):
                        os.kill(lot.choice(judges), signal.SIGKILL)
                        self.kills["judge"] = self.kills.get("judge", 0) + 1
                        done += 1
            else:
                done += self.kill(scene, name)
            time.sleep(lot.uniform(0.05, 0.5))
        return done


def killed(killer: Killer, name: str):
    """Return the strike that kills one process; the supervisor heals it."""

    def strike(scene: Scene, _lot: random.Random) -> Heal:
        scene.until(f"{name} can be killed", lambda: killer.kill(scene, name), 40)
        return nothing

    return strike


def at_a_boundary(killer: Killer):
    """Return the strike that lets a process kill itself at an effect boundary."""

    def strike(scene: Scene, lot: random.Random) -> Heal:
        name, place = lot.choice(PLACES)
        mark = scene.home.root / f"failpoint.{place}.hit"
        mark.unlink(missing_ok=True)
        single.arm(scene.home.root, name, {"AXIS_FAILPOINT": f"{place}:{lot.randint(1, 4)}"})
        scene.until(f"{name} can be killed", lambda: killer.kill(scene, name), 40)

        def heal() -> None:
            if mark.exists():
                killer.kills[f"{name} at {place}"] = killer.kills.get(f"{name} at {place}", 0) + 1
            mark.touch()  # should it not have been reached yet, it is not any more

        return heal

    return strike


def frozen(name: str):
    """Return the strike that stops a process with SIGSTOP until the heal."""

    def strike(scene: Scene, _lot: random.Random) -> Heal:
        pid = scene.pid(name)
        if not pid:
            return nothing
        os.kill(pid, signal.SIGSTOP)

        def heal() -> None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

        return heal

    return strike


def judges_killed(killer: Killer):
    """Return the strike that kills every judging process."""

    def strike(scene: Scene, _lot: random.Random) -> Heal:
        for judge in scene.judges():
            with suppress(ProcessLookupError):
                os.kill(judge, signal.SIGKILL)
                killer.kills["judge"] = killer.kills.get("judge", 0) + 1
        return nothing

    return strike


def judge_frozen(scene: Scene, lot: random.Random) -> Heal:
    """Stop one judging process: its file must be judged by another."""
    judges = scene.judges()
    if judges:
        with suppress(ProcessLookupError):
            os.kill(lot.choice(judges), signal.SIGSTOP)
    return nothing


def start_worker(scene: Scene, instance: int, *, code: Path | None = None) -> Child:
    """Start one more worker beside the stack's own; its other servers may be away just now.

    Args:
        scene: of the stack.
        instance: its number; no other worker has it.
        code: checkout to take the program from; None: this one.
    """
    own = single.described(scene.home.root, "worker")
    port = choose_ports(("another",), {}, {})[0]["another"]
    more = {"AXIS_INSTANCE": str(instance), "AXIS_METRICS_PORT": str(port), "AXIS_FAILPOINT": ""}
    if code is not None:
        more["PYTHONPATH"] = str(code)
    program = msgspec.structs.replace(own, port=port, environ={**own.environ, **more})
    return launch(program, scene.home.logs / f"worker-{instance}.log")


def rebalance_storm(scene: Scene, lot: random.Random) -> Heal:
    """Let workers join and leave, one of them by force."""
    first = start_worker(scene, lot.randint(100, 10**6))
    time.sleep(lot.uniform(1, 6))
    second = start_worker(scene, lot.randint(100, 10**6))
    time.sleep(lot.uniform(1, 6))
    first.kill()

    def heal() -> None:
        second.stop()

    return heal


def shared(scene: Scene, lot: random.Random) -> Heal:
    """Let a second worker share the load and leave in good order."""
    return start_worker(scene, lot.randint(100, 10**6)).stop


def outlived(scene: Scene, lot: random.Random) -> Heal:
    """Freeze the worker for so long that another takes its partitions; then it wakes and believes it has them."""
    another = start_worker(scene, lot.randint(100, 10**6))
    wake = frozen("worker")(scene, lot)

    def heal() -> None:
        wake()
        another.stop()

    return heal


def old_code(revision: str) -> Path:
    """Check out an earlier commit beside this one; return where."""
    folder = Path(tempfile.mkdtemp(prefix="axis-old-"))
    archive = subprocess.run(
        ("git", "-C", str(ROOT), "archive", revision), check=True, capture_output=True
    ).stdout
    subprocess.run(("tar", "x", "-C", str(folder)), input=archive, check=True)
    return folder


def old_worker(revision: str):
    """Return the strike that lets a worker of an earlier commit work beside this one."""
    folder: list[Path] = []

    def strike(scene: Scene, lot: random.Random) -> Heal:
        if not folder:
            folder.append(old_code(revision))
        child = start_worker(scene, lot.randint(100, 10**6), code=folder[0])
        return child.stop

    return strike


def rolling_restart(scene: Scene, _lot: random.Random) -> Heal:
    """Restart every process of ours, one after another, gracefully."""
    for name in OURS:
        scene.supervisor.halt(name)
        scene.supervisor.begin(name)
        time.sleep(1)
    return nothing


def registry_down(killer: Killer):
    """Return the strike that stops the registry while a worker is started anew."""

    def strike(scene: Scene, _lot: random.Random) -> Heal:
        single.halt(scene.home.root, "registry")
        scene.until("the worker can be killed", lambda: killer.kill(scene, "worker"), 40)
        return lambda: started(scene, "registry")

    return strike


def started(scene: Scene, name: str) -> None:
    """Start a program that was stopped; what it needs may come back later."""
    scene.supervisor.begin(name)


def faults(killer: Killer, revision: str) -> list[Fault]:
    """Return all faults of processes."""
    return [
        Fault(("1", "2", "3"), "kill -9 tại một ranh giới hiệu lực / at an effect boundary",
              at_a_boundary(killer), frozenset({"gateway", "bridge", "worker", "sealer", "disk"}), (1.0, 3.0), weight=3),
        Fault(("4",), "kill -9 gateway khi đang nhận / while it takes", killed(killer, "gateway"), frozenset({"gateway"})),
        Fault(("1", "2"), "kill -9 worker", killed(killer, "worker"), frozenset({"worker"})),
        Fault(("1", "2", "4"), "kill -9 bridge", killed(killer, "bridge"), frozenset({"bridge"})),
        Fault(("2",), "kill -9 keeper", killed(killer, "keeper"), frozenset({"keeper"})),
        Fault(("2",), "kill -9 sealer", killed(killer, "sealer"), frozenset({"sealer"})),
        Fault(("5",), "SIGSTOP worker", frozen("worker"), frozenset({"worker"}), (2.0, 14.0)),
        Fault(("5",), "SIGSTOP worker 70 s, máy khác làm thay / another takes over", outlived,
              frozenset({"worker", "group"}), (70.0, 72.0), weight=0.1),
        Fault(("6",), "hai worker chia việc, một ra / two share, one leaves", shared, frozenset({"group"}), (6.0, 10.0)),
        Fault(("6",), "worker vào, ra, bị giết / join, leave, die", rebalance_storm, frozenset({"group"}), (1.0, 4.0)),
        Fault(("6",), "khởi động lại lần lượt / rolling restart", rolling_restart,
              frozenset(OURS), (0.0, 0.5), weight=0.5),
        Fault(("7", "9"), "kill -9 kafka", killed(killer, "kafka"), frozenset({"kafka"})),
        Fault(("11",), "kill -9 postgres", killed(killer, "postgres"), frozenset({"postgres"})),
        Fault(("8",), "SIGSTOP kafka", frozen("kafka"), frozenset({"kafka"}), (2.0, 8.0)),
        Fault(("24",), "kill -9 tiến trình kiểm tra / judging processes", judges_killed(killer), frozenset({"judges"})),
        Fault(("24",), "SIGSTOP tiến trình kiểm tra / a judging process", judge_frozen,
              frozenset({"judges"}), (0.5, 1.0)),
        Fault(("27",), "kho lược đồ dừng, worker khởi động / registry away, worker restarts", registry_down(killer),
              frozenset({"registry", "worker"}), (2.0, 5.0)),
        Fault(("27",), f"worker phiên bản cũ chạy cạnh / a worker of {revision} beside", old_worker(revision),
              frozenset({"group"}), (4.0, 8.0), weight=0.5),
    ]  # fmt: skip
