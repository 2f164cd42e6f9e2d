"""A Slurm cluster of one machine, as one user: munged, slurmctld and slurmd out of a folder.

The folder holds Debian's packages unpacked (`dpkg -x`), see `nox -s slurm`.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_CONF = """
ClusterName=tiny
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
PluginDir={plugins}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_res
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
SlurmctldTimeout=300
SlurmdTimeout=300
KillWait=5
MinJobAge=300
RebootProgram=/bin/true
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        folder: its state and logs.
        environment: of everybody who talks to it.
    """

    folder: Path
    environment: dict[str, str]

    def call(self, *argv: str, **options: object) -> str:
        done = subprocess.run(
            argv, env=self.environment, capture_output=True, text=True, check=False, **options
        )
        assert done.returncode == 0, done.stderr + self.log("slurmctld.log")
        return done.stdout

    def states(self) -> dict[str, str]:
        """Return the state of each task, ``JOB_TASK``."""
        lines = self.call("squeue", "--all", "--array", "--noheader", "--states=all", "-o%i %T")
        return dict(line.split() for line in lines.splitlines())

    def restarts(self, task: str) -> int:
        said = self.call("scontrol", "show", "job", task)
        return int(said.split("Restarts=")[1].split()[0])

    def log(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace")[-3000:] if path.is_file() else ""


@contextmanager
def running(packages: Path) -> Iterator[Cluster]:
    """Yield a cluster that runs; its processes end with it."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        folder = Path(name)
        library = next(packages.glob("usr/lib/*/slurm-wlm")).parent
        sbin = packages / "usr/sbin"
        tools = folder / "bin"
        tools.mkdir()
        for program in (packages / "usr/bin").iterdir():
            (tools / program.name.removesuffix("-wlm")).symlink_to(program)
        (folder / "state").mkdir()
        (folder / "spool").mkdir()
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        host, user = socket.gethostname().split(".")[0], getpass.getuser()
        controller, daemon = _ports(2)
        conf = folder / "slurm.conf"
        conf.write_text(
            _CONF.format(
                folder=folder,
                host=host,
                user=user,
                controller=controller,
                daemon=daemon,
                plugins=library / "slurm-wlm",
                cpus=os.cpu_count(),
            )
        )
        environment = {
            **os.environ,
            "SLURM_CONF": str(conf),
            "LD_LIBRARY_PATH": f"{library}:{library / 'slurm-wlm'}",
            "PATH": f"{tools}:{os.environ['PATH']}",
        }
        munge = [f"--{kind}={folder}/munge.{kind.split('-')[0]}" for kind in ("socket", "pid-file")]
        munge += [f"--key-file={key}", f"--log-file={folder}/munge.log"]
        munge += [f"--seed-file={folder}/munge.seed", "--foreground", "--force"]
        commands = (
            [str(sbin / "munged"), *munge],
            [str(sbin / "slurmctld-wlm"), "-D", "-i"],
            [str(sbin / "slurmd-wlm"), "-D", "-N", host, "-d", str(sbin / "slurmstepd-wlm")],
        )
        started: list[subprocess.Popen[bytes]] = []
        try:
            for number, command in enumerate(commands):
                with (folder / f"out{number}").open("wb") as out:
                    started.append(
                        subprocess.Popen(command, env=environment, stdout=out, stderr=out)
                    )
                time.sleep(1)
            cluster = Cluster(folder, environment)
            _wait(cluster, started)
            yield cluster
        finally:
            for process in reversed(started):
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def _wait(cluster: Cluster, started: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + 60
    said = ""
    while time.monotonic() < deadline and all(each.poll() is None for each in started):
        done = subprocess.run(
            [str(cluster.folder / "bin/sinfo"), "--noheader", "-o%T"],
            env=cluster.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        if "idle" in done.stdout:
            return
        time.sleep(0.5)
    logs = [cluster.log(n) for n in ("out0", "out1", "out2", "slurmctld.log", "slurmd.log")]
    raise AssertionError("\n".join([said, *logs]))


def _ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def wanted() -> Iterator[Cluster]:
    """Yield the cluster of the packages that `nox -s slurm` names; else the test is skipped."""
    packages = os.environ.get("VELATURA_SLURM", "")
    if not packages:
        pytest.skip("VELATURA_SLURM names no folder with Slurm; run `nox -s slurm`")
    with running(Path(packages)) as cluster:
        yield cluster


def submitted(slurm: Cluster, folder: Path) -> dict[str, str]:
    """Submit a farm folder; return job numbers by step."""
    said = slurm.call("bash", str(folder / "submit.sh"))
    return dict(line.split() for line in said.splitlines())


def ended(slurm: Cluster, jobs: dict[str, str], seconds: float = 240) -> dict[str, str]:
    """Wait until nothing is left to run; return the states."""
    deadline = time.monotonic() + seconds
    states: dict[str, str] = {}
    while time.monotonic() < deadline:
        found = {n: s for n, s in slurm.states().items() if n.split("_")[0] in jobs.values()}
        states |= found
        if found and not set(found.values()) & {"PENDING", "RUNNING", "COMPLETING", "REQUEUED"}:
            return states
        time.sleep(0.5)
    pytest.fail(f"{states}\n{slurm.log('slurmctld.log')}")
