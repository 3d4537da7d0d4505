"""Debian 13's Postfix in a tree of its own, kept between runs.

The mirror is the one apt uses on this machine, asked of apt each time.
"""
import os
import pathlib
import shutil
import subprocess

RELEASE = "trixie"
CACHE = pathlib.Path(os.environ.get("TLSPOLICYD_TEST_CACHE", "/var/cache/tlspolicyd-tests"))
TREE = CACHE / "debian13"
LIMIT = 900  # seconds debootstrap may take
MARK = "TLSPOLICYD_TEST_DEBIAN13"  # why there is no tree; empty where there is one


def _mirror():
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
                            capture_output=True, text=True, check=False)
    return next((line for line in listed.stdout.splitlines() if line.startswith("http")), None)


def _make(mirror):
    work = CACHE / f"debian13.{os.getpid()}"
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=postfix", RELEASE, str(work), mirror],
            env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LIMIT, check=False)
        if done.returncode != 0:
            return f"debootstrap failed: {(done.stdout + done.stderr).strip().splitlines()[-1:]}"
        shutil.rmtree(work / "var/cache/apt/archives", ignore_errors=True)
        work.rename(TREE)
        return None
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"debootstrap failed: {error}"
    finally:
        if work.exists():
            shutil.rmtree(work, ignore_errors=True)


def prepare():
    """Called by the runner before it leaves the machine's own network."""
    if MARK not in os.environ:
        os.environ[MARK] = _obtain() or ""


def missing():
    """Why there is no tree, or an empty string."""
    return os.environ.get(MARK, "nobody prepared a Debian 13 tree")


def _obtain():
    if (TREE / "usr/sbin/postfix").exists():
        return None
    if os.geteuid() != 0:
        return "making a Debian 13 tree needs root"
    if shutil.which("debootstrap") is None:
        return "no debootstrap to make a Debian 13 tree with"
    mirror = _mirror()
    if mirror is None:
        return "apt knows no mirror to take Debian 13 from"
    print("making a Debian 13 tree for its Postfix (kept for the next run)", flush=True)
    return _make(mirror)
