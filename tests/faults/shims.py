"""What goes wrong inside the daemon: its clocks, its disk, its memory. See shim/page.h."""
import mmap
import os
import pathlib
import struct

import form

LIBRARY = form.BUILT / "libfaults_shim.so"
_FIELDS = ("wall_ns", "running_ns", "disk_error", "disk_refusals", "sync_error", "sync_ms", "syncs", "read_error",
           "reads_granted", "reads_failing", "read_refusals", "heap_limit", "heap_used")
FOR_EVER = 2**62


class Faults:
    """One daemon's page. env() makes a daemon heed it."""

    def __init__(self, directory):
        self.path = pathlib.Path(directory) / "faults.page"
        self.path.write_bytes(bytes(8 * len(_FIELDS)))
        with open(self.path, "r+b") as page:
            self._page = mmap.mmap(page.fileno(), 0)

    def env(self):
        return dict(os.environ, LD_PRELOAD=str(LIBRARY), TLSPOLICYD_FAULTS=str(self.path))

    def _set(self, field, value):
        struct.pack_into("q", self._page, 8 * _FIELDS.index(field), int(value))

    def _get(self, field):
        return struct.unpack_from("q", self._page, 8 * _FIELDS.index(field))[0]

    def wall(self, seconds):
        """The wall clock, ahead of the true one by so much."""
        self._set("wall_ns", seconds * 10**9)

    def elapsed(self, seconds):
        """So much time has passed that was not: for all clocks."""
        self._set("running_ns", seconds * 10**9)
        self._set("wall_ns", seconds * 10**9)

    def disk(self, error):
        """Every write and sync of the store fails with this errno; 0: no more."""
        self._set("disk_error", error)

    def hang_disk(self):
        """Every write and sync of the store waits until disk() says something else."""
        self._set("disk_error", -1)

    def fail_syncs(self, error):
        """Every sync of the store fails with this errno, and nothing else does; 0: no more."""
        self._set("sync_error", error)

    def slow_syncs(self, seconds):
        """Every sync of the store takes so long."""
        self._set("sync_ms", seconds * 1000)

    def syncs(self):
        """How many of the store have begun."""
        return self._get("syncs")

    def disk_refusals(self):
        return self._get("disk_refusals")

    def reads(self, error, after=0, failing=FOR_EVER):
        """So many reads of the store fail with this errno, once others have been granted; 0: no more."""
        self._set("reads_granted", after)
        self._set("reads_failing", failing)
        self._set("read_error", error)

    def read_refusals(self):
        return self._get("read_refusals")

    def heap(self, room):
        """So many octets more than now can be had; None: no limit. Before the start: so many in all."""
        self._set("heap_limit", 0 if room is None else max(1, self._get("heap_used") + room))

    def started_anew(self):
        self._set("heap_used", 0)
