"""What both runners need: tools built on demand, servers started on a chosen CPU and surely ended, medians, Markdown."""
import contextlib
import glob
import json
import os
import queue
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(BENCH)
LIBTORRENT_PYTHON = os.environ.get("LIBTORRENT_PYTHON", "/usr/bin/python3")


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def give_up(sentence):
    say(sentence)
    sys.exit(2)


def build_c(name, *libraries):
    """Compiles load/NAME.c when it or a header is newer than its binary; returns the binary's path."""
    source, binary = f"{BENCH}/load/{name}.c", f"{BENCH}/load/bin/{name}"
    newest = max(os.path.getmtime(file) for file in (source, *glob.glob(f"{BENCH}/load/*.h")))
    if os.path.exists(binary) and os.path.getmtime(binary) > newest:
        return binary
    if not shutil.which("gcc"):
        give_up("The load generator is written in C and gcc was not found: install it (Debian: apt install gcc libc6-dev).")
    os.makedirs(os.path.dirname(binary), exist_ok=True)
    subprocess.run(["gcc", "-O2", "-pthread", "-Wall", "-Wextra", "-o", binary, source, *libraries], check=True, timeout=120)
    return binary


def build_dotnet(project):
    """Builds bench/PROJECT in Release; returns the path of its dll."""
    if not shutil.which("dotnet"):
        give_up("dotnet was not found: install the .NET SDK that global.json names.")
    built = subprocess.run(["dotnet", "build", "-c", "Release", "-v", "quiet", "-nologo", f"{BENCH}/{project}"], capture_output=True, text=True, timeout=600)
    if built.returncode:
        give_up(f"bench/{project} does not build:\n{built.stdout}{built.stderr}")
    return f"{BENCH}/{project}/bin/Release/net10.0/{project}.dll"


def install_peers():
    """npm's packages of bench/peers, once."""
    if not shutil.which("node"):
        give_up("Some peers are npm packages and node was not found: install Node.js 20 or newer.")
    if not all(os.path.isdir(f"{BENCH}/peers/node_modules/{package}") for package in ("bittorrent-dht", "hyperdht")):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=f"{BENCH}/peers", check=True, timeout=300, stdout=sys.stderr)


def install_ipfs_peers():
    """npm's packages of bench/peers/ipfs, once."""
    if not shutil.which("node"):
        give_up("The load generator and its peers are npm packages and node was not found: install Node.js 20 or newer.")
    if not os.path.isdir(f"{BENCH}/peers/ipfs/node_modules/libp2p"):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=f"{BENCH}/peers/ipfs", check=True, timeout=300, stdout=sys.stderr)


def has_libtorrent():
    return subprocess.run([LIBTORRENT_PYTHON, "-c", "import libtorrent"], capture_output=True).returncode == 0


def free_port(tcp=False):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers_ping(port, patience=0.1):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(patience)
        probe.connect(("127.0.0.1", port))
        try:
            # Shaped as krpc_load writes it, transaction last, so that a canned answerer answers it too.
            probe.send(b"d1:ad2:id20:kadstone-bench-probee1:q4:ping1:t4:prob1:y1:qe")
            return b"1:t4:prob" in probe.recv(2048)
        except OSError:
            return False


class Server:
    """A process under test, kept on one CPU; its output goes to a file so that a full pipe never blocks it."""

    def __init__(self, command, cpu=None):
        self.output = tempfile.TemporaryFile()
        pin = (lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, preexec_fn=pin)
        self.pid = self.process.pid

    def printed(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def wait_ready(self, port, seconds=40):
        """Until it prints a line 'ready' or answers a ping; False when it ended or the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if "ready" in self.printed().splitlines() or answers_ping(port):
                return True
        return False

    def wait_line(self, beginning, seconds=120):
        """The rest of the first whole line that begins so; None when it ended or the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            for line in self.printed().splitlines(keepends=True):
                if line.startswith(beginning) and line.endswith("\n"):
                    return line[len(beginning):].strip()
            time.sleep(0.05)
        return None

    def rss_mb(self):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.output.close()


def cpus_of(round_number, pin):
    """(server's CPU, generator's CPU)"""
    usable = sorted(os.sched_getaffinity(0))
    if pin == "off" or len(usable) < 2:
        return None, None
    pair = usable[0], usable[1]
    return pair[::-1] if pin == "swap" and round_number % 2 else pair


def run_load(binary, port, cpu, *options):
    """One line of figures from a load generator kept on a CPU."""
    command = [binary, f"127.0.0.1:{port}", *map(str, options)]
    pin = (lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, preexec_fn=pin)
    return json.loads(done.stdout) if done.stdout else {"answers": 0, "wrong": 1, "wrong_reason": done.stderr.strip()}


@contextlib.contextmanager
def serving(command, cpu=None):
    server = Server(command, cpu)
    try:
        yield server
    finally:
        server.stop()


def figures_of(rounds, name, operation, key):
    return [r[name]["operations"][operation][key] for r in rounds if operation in r.get(name, {}).get("operations", {})]


def ratio(rounds, name, other, operation, key="answers_per_cpu_second"):
    """Median over the rounds of this contestant's figure over the other's in the same round; None when they never met."""
    both = [r for r in rounds if all(operation in r.get(n, {}).get("operations", {}) for n in (name, other))]
    pairs = [(r[name]["operations"][operation][key], r[other]["operations"][operation][key]) for r in both]
    quotients = [mine / theirs for mine, theirs in pairs if theirs]
    return statistics.median(quotients) if quotients else None


class PeerNetwork:
    """A network of real peers in the process of peers/SCRIPT, driven by lines of JSON; it ends when its stdin closes."""

    def __init__(self, script, options, patience=300):
        self.process = subprocess.Popen(["node", f"{BENCH}/peers/{script}", json.dumps(options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line) for line in self.process.stdout] + [self.lines.put("")], daemon=True).start()
        self.ready = self.read(patience)

    def read(self, seconds=15):
        line = self.lines.get(timeout=seconds)
        if not line:
            give_up("The network of peers ended; is another one running on its ports (--port)?")
        return json.loads(line)

    def command(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.read()

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def p95(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def machine():
    """What a reader needs to judge the figures."""
    with open("/proc/cpuinfo") as cpus:
        model = next((line.split(":", 1)[1].strip() for line in cpus if line.startswith("model name")), "unknown")
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": os.uname().release, "load_average": os.getloadavg(), "at": time.strftime("%Y-%m-%dT%H:%M:%S%z")}


def write_json(path, result):
    with open(path, "w") as file:
        json.dump(result, file, indent=1)
    say(f"wrote {path}")
