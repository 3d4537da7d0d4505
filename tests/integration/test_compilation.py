"""What each source of the daemon is compiled with, asked of the compiler: not one object goes without."""
import collections
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from daemon import BINARY

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(BINARY).resolve().parents[1]
COMMANDS = "compile_commands.json"
# What the compiler defines under -fstack-protector-strong, -fPIE or the -fPIC of a library, and an
# optimiser, without which _FORTIFY_SOURCE is nothing.
SAYS = {"__SSP_STRONG__": ("3",), "__PIC__": ("1", "2"), "__OPTIMIZE__": ("1",), "_FORTIFY_SOURCE": ("3", "2"),
        "_GLIBCXX_ASSERTIONS": ("1",)}
# -fcf-protection=full, -mbranch-protection=standard.
CONTROL_FLOW = {"x86_64": {"__CET__": ("3",)}, "aarch64": {"__ARM_FEATURE_BTI_DEFAULT": ("1",)}}
CLASH = "stack-clash-protection"  # leaves no macro


def sources(compiled):
    """The files that one run of the compiler is about: itself, or those that meson put into one unit."""
    if "-unity" not in compiled.name:
        return [compiled]
    return [(compiled.parent / path).resolve() for path in re.findall(r'#include\s*[<"]([^>"]+)[>"]', compiled.read_text(encoding="utf-8"))]


def commands(build):
    """source below src/ -> the compiler's words, without those that name input, output and precompiled headers."""
    found = {}
    for entry in json.loads((build / COMMANDS).read_text(encoding="utf-8")):
        compiled = (build / entry["directory"] / entry["file"]).resolve()
        words = shlex.split(entry["command"])
        words = words[:next(at for at, word in enumerate(words) if word in ("-MD", "-MQ", "-o"))]
        if "-include" in words:
            del words[words.index("-include"):words.index("-include") + 2]
        for source in sources(compiled):
            if source.is_relative_to(TOP / "src") and source.suffix == ".cc":
                found[source] = tuple(words)
    return found


def macros(words):
    """What the compiler defines before it reads anything, the last word of each kind having won."""
    done = subprocess.run([*words, "-dM", "-E", "-x", "c++", "/dev/null"], cwd=BUILD, capture_output=True, text=True, check=True)
    return dict(line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.count(" ") >= 2)


def fortification(words):
    """The highest level this compiler takes without a warning."""
    compiler = [word for word in words[:2] if not word.startswith("-")]
    for level in ("3", "2"):
        done = subprocess.run([*compiler, "-O2", "-Werror", "-U_FORTIFY_SOURCE", f"-D_FORTIFY_SOURCE={level}", "-fsyntax-only",
                               "-x", "c++", "-"], input="#include <cstdlib>\n", text=True, capture_output=True, check=False)
        if done.returncode == 0:
            return level
    raise AssertionError(f"{compiler} fortifies nothing")


class Hardened(unittest.TestCase):
    def assert_hardened(self, build):
        by_words = collections.defaultdict(list)
        for source, words in commands(build).items():
            by_words[words].append(source.relative_to(TOP))
        for words, sources in by_words.items():
            with self.subTest(sources=", ".join(map(str, sources[:3]))):
                self.assert_words(words)

    def assert_words(self, words):
        seen = macros(words)
        for macro, values in {**SAYS, **CONTROL_FLOW.get(platform.machine(), {})}.items():
            self.assertIn(seen.get(macro), values, macro)
        self.assertEqual(seen["_FORTIFY_SOURCE"], fortification(words))
        self.assertNotIn("NDEBUG", seen)
        self.assertEqual([word for word in words if word.endswith(CLASH)][-1:], [f"-f{CLASH}"])

    @unittest.skipUnless((BUILD / COMMANDS).exists(), "the binary is in no build directory")
    def test_objects(self):
        """each object of the daemon: stack protector, fortified, stack clash, control flow, position, C++ assertions, no NDEBUG"""
        self.assertEqual(set(commands(BUILD)), set((TOP / "src").rglob("*.cc")))
        self.assert_hardened(BUILD)

    @unittest.skipUnless(shutil.which("meson"), "no meson on this machine")
    def test_release(self):
        """the same where the build is configured for a release"""
        with tempfile.TemporaryDirectory(prefix="tlspolicyd-release.") as build:
            done = subprocess.run(["meson", "setup", "--buildtype=release", build, TOP], capture_output=True, text=True, check=False,
                                  env={**os.environ, "PATH": f"/usr/bin:{os.environ['PATH']}"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(set(commands(pathlib.Path(build))), set((TOP / "src").rglob("*.cc")))
            self.assert_hardened(pathlib.Path(build))
