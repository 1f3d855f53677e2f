"""The tests that the drill runs: each one a process, told by its environment what to note down or what to change."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["keyward-store", "keyward-server"]
# A mutant may make a test wait for ever: so long, and so many times as long as it takes without one.
PATIENCE_SECONDS = 20
PATIENCE_TIMES = 10


@dataclass
class Test:
    binary: str
    folder: str
    name: str
    # How long it takes as it is; a great while, until that is known.
    seconds: float = 60.0
    # The statements that it runs, each as (place, text).
    statements: set = field(default_factory=set)

    def run(self, scratch, environment):
        """Whether it passes, and what it printed."""
        limit = PATIENCE_SECONDS + PATIENCE_TIMES * self.seconds
        command = [self.binary, "--exact", self.name]
        env = dict(os.environ, INSTA_UPDATE="no", INSTA_WORKSPACE_ROOT=str(ROOT), TMPDIR=str(scratch), **environment)
        env.pop("TEST_POSTGRES_URL", None)
        process = subprocess.Popen(
            command, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            printed, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return False, f"did not end within {limit:.0f} s"
        return process.returncode == 0, printed.decode(errors="replace")

    def record(self, scratch, number):
        """Runs it as it is, and notes down its statements; answers what is wrong with it."""
        noted = scratch / f"statements-{number}"
        begin = time.monotonic()
        passes, printed = self.run(scratch, {"KEYWARD_SQL_RECORD": str(noted)})
        self.seconds = time.monotonic() - begin
        if not passes:
            return f"{self.name} fails without any mutant:\n{printed}"
        if noted.exists():
            lines = map(json.loads, noted.read_text().splitlines())
            self.statements = {(line["place"], line["sql"]) for line in lines}
        return None

    def catches(self, scratch, number, sql, mutant):
        """Whether it fails when this statement is run as that mutant."""
        told = scratch / f"mutant-{number}"
        told.write_text(json.dumps({"sql": sql, "mutant": mutant}))
        passes, _ = self.run(scratch, {"KEYWARD_SQL_MUTANT": str(told)})
        return not passes


def build():
    """Builds the tests with the feature, and answers those that need no PostgreSQL."""
    command = ["cargo", "nextest", "list", "--message-format", "json", "--features", "keyward-store/sql-mutants"]
    for package in PACKAGES:
        command += ["-p", package]
    command += ["-E", "not test(postgres)"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    tests = []
    for suite in json.loads(listed)["rust-suites"].values():
        for name, case in suite["testcases"].items():
            if not case["ignored"] and case["filter-match"]["status"] == "matches":
                tests.append(Test(suite["binary-path"], suite["cwd"], name))
    return tests
