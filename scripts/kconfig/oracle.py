#!/usr/bin/env python3
"""Runs Kconfig cases through kconfiglib (Debian: python3-kconfiglib) and, where asked, through the C tools (kconfig-frontends-nox).

    oracle.py corpus            tests/kconfig/corpus/*.case -> tests/kconfig/fixtures/corpus.json
    oracle.py c-tools           the same corpus through kconfig-conf -> tests/kconfig/fixtures/c-tools.json
    oracle.py serve             one case a line on stdin (JSON), one result a line on stdout

A case is {"files": {path: text}, "env": {name: value}, "steps": [[op, ...], ...]}. The result is {"error": text} or
{"states": [state, ...]}, a state being taken before the first step and after every step:
{"dump": {symbol: [type, value, visibility, assignable, user value]}, "choices": [[type, mode, selection, assignable]],
 "config": text, "min": text, "new": text}.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import types

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..", "..", "tests", "kconfig")

FUNCTIONS = types.ModuleType("wb_kconfig_functions")
FUNCTIONS.functions = {
    "upper": (lambda kconf, name, text: text.upper(), 1, 1),
    "join": (lambda kconf, name, *parts: "-".join(parts), 0, None),
    "nonempty": (lambda kconf, name, text: "y" if text else "n", 1, 1),
}
sys.modules["wb_kconfig_functions"] = FUNCTIONS
sys.setrecursionlimit(3000)

import kconfiglib  # noqa: E402
from kconfiglib import BOOL, TRISTATE, TRI_TO_STR, TYPE_TO_STR  # noqa: E402


def parse_case(text):
    """Reads the case format of the corpus: sections that start with '=== kind [name]'."""
    files, env, runs, current = {}, {}, [], None
    for line in text.splitlines(keepends=True):
        if line.startswith("=== "):
            kind, _, name = line[4:].strip().partition(" ")
            current = (kind, name)
            if kind == "file":
                files[name] = ""
            elif kind == "run":
                runs.append((name, []))
        elif current is None:
            continue
        elif current[0] == "file":
            files[current[1]] += line
        elif line.strip() and current[0] == "env":
            name, _, value = line.rstrip("\n").partition("=")
            env[name] = value
        elif line.strip() and current[0] == "run":
            words = line.strip().split(" ", 2)
            if words[0] in ("load", "merge"):
                words[1] = files[words[1]]
            if len(words) == 3 and words[2].startswith('"'):
                words[2] = json.loads(words[2])
            if words[0] in ("mode", "unmode"):
                words[1] = int(words[1])
            runs[-1][1].append(words)
    files = {name: text for name, text in files.items() if not name.endswith(".config")}
    return [{"name": name, "files": files, "env": env, "steps": steps} for name, steps in runs or [("defaults", [])]]


def all_no(kconf):
    for sym in kconf.unique_defined_syms:
        sym.set_value(2 if sym.is_allnoconfig_y else 0)


def all_yes(kconf):
    for sym in kconf.unique_defined_syms:
        sym.set_value(1 if sym.choice else 2)
    for choice in kconf.unique_choices:
        choice.set_value(2)


def all_mod(kconf):
    for sym in kconf.unique_defined_syms:
        if sym.orig_type == BOOL:
            if not sym.choice:
                sym.set_value(2)
        elif sym.orig_type == TRISTATE:
            sym.set_value(1)
    for choice in kconf.unique_choices:
        choice.set_value(2 if choice.orig_type == BOOL else 1)


def list_new(kconf):
    out = []
    for sym in kconf.unique_defined_syms:
        changeable = len(sym.assignable) > 1 or (
            sym.visibility and (sym.orig_type not in (BOOL, TRISTATE) or sym.choice))
        if sym.user_value is not None or not changeable:
            continue
        if sym.orig_type in (BOOL, TRISTATE):
            out.append("%s%s=%s\n" % (kconf.config_prefix, sym.name, TRI_TO_STR[sym.tri_value]))
        else:
            out.append(sym.config_string)
    return "".join(out)


def state(kconf):
    # From scratch: kconfiglib's own invalidation misses choice members with a prompt outside their choice, and choice
    # defaults that are no members. What is compared is what kconfiglib computes, not what it remembers.
    kconf._invalidate_all()
    dump = {}
    for sym in kconf.unique_defined_syms:
        dump[sym.name] = [TYPE_TO_STR[sym.orig_type], sym.str_value, sym.visibility, list(sym.assignable), sym.user_value]
    choices = [
        [TYPE_TO_STR[choice.orig_type], choice.tri_value, choice.selection.name if choice.selection else None,
         list(choice.assignable)]
        for choice in kconf.unique_choices
    ]
    return {
        "dump": dump,
        "choices": choices,
        "config": kconf._config_contents(None),
        "min": kconf._min_config_contents(None),
        "new": list_new(kconf),
    }


def apply(kconf, step, folder):
    op = step[0]
    if op in ("load", "merge"):
        path = os.path.join(folder, "step.config")
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(step[1])
        kconf.load_config(path, replace=op == "load")
    elif op == "set":
        if step[1] in kconf.syms and kconf.syms[step[1]].nodes:
            kconf.syms[step[1]].set_value(step[2] if len(step) > 2 else "")
    elif op == "unset":
        if step[1] in kconf.syms and kconf.syms[step[1]].nodes:
            kconf.syms[step[1]].unset_value()
    elif op == "mode":
        kconf.unique_choices[step[1]].set_value(step[2])
    elif op == "unmode":
        kconf.unique_choices[step[1]].unset_value()
    else:
        kconf.unset_values()
        {"allno": all_no, "allyes": all_yes, "allmod": all_mod, "reset": lambda k: None}[op](kconf)


def write_files(case, folder):
    for name, text in case["files"].items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(text)


def run_case(case):
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    os.environ.clear()
    os.environ.update(case.get("env", {}))
    os.environ["srctree"] = folder
    os.environ["KCONFIG_FUNCTIONS"] = "wb_kconfig_functions"
    try:
        write_files(case, folder)
        stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
        try:
            kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
        finally:
            sys.stdout.close()
            sys.stdout = stdout
        states = [state(kconf)]
        for step in case["steps"]:
            apply(kconf, step, folder)
            states.append(state(kconf))
        return {"states": states}
    except (kconfiglib.KconfigError, EnvironmentError) as error:
        return {"error": str(error).strip().split("\n")[0].replace(folder, "")}
    except Exception as error:  # a crash of the oracle: the case says nothing
        return {"crash": "%s: %s" % (type(error).__name__, error)}
    finally:
        shutil.rmtree(folder)


def corpus_cases():
    folder = os.path.join(TESTS, "corpus")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".case"):
            with open(os.path.join(folder, name), encoding="utf-8") as text:
                for case in parse_case(text.read()):
                    yield "%s/%s" % (name[:-5], case["name"]), case


def c_tool(mode, folder, *args):
    env = {"PATH": "/usr/bin:/bin", "KCONFIG_CONFIG": ".config"}
    done = subprocess.run(["/usr/bin/kconfig-conf", mode, *args, "Kconfig"], cwd=folder, env=env, timeout=20,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode


def c_case(case):
    """olddefconfig and savedefconfig of the C implementation on the last file that the case loads."""
    loads = [step[1] for step in case["steps"] if step[0] == "load"]
    folder = tempfile.mkdtemp()
    try:
        # The C tools of that version know the modules symbol by its option, not by its name (and crash on 'm' without one).
        files = {name: text.replace("config MODULES\n", "config MODULES\n\toption modules\n")
                 for name, text in case["files"].items()}
        write_files({"files": files}, folder)
        with open(os.path.join(folder, ".config"), "w", encoding="utf-8") as out:
            out.write(loads[-1] if loads else "")
        if c_tool("--olddefconfig", folder) != 0:
            return {"error": True}
        with open(os.path.join(folder, ".config"), encoding="utf-8") as text:
            config = text.read()
        c_tool("--savedefconfig=defconfig", folder)
        with open(os.path.join(folder, "defconfig"), encoding="utf-8") as text:
            return {"config": assignments(config), "min": assignments(text.read())}
    except (subprocess.TimeoutExpired, EnvironmentError) as error:
        return {"error": str(error)}
    finally:
        shutil.rmtree(folder)


def assignments(text):
    """The assignments of a .config without banners, which the two implementations draw differently."""
    return [line for line in text.splitlines() if line.startswith("CONFIG_") or line.endswith(" is not set")]


def c_compare(case):
    """What kconfiglib and the C tools say about the last loaded file of a case, and whether they agree."""
    loads = [step for step in case["steps"] if step[0] == "load"]
    ours = run_case(dict(case, steps=loads[-1:]))
    theirs = c_case(case)
    if "states" not in ours:
        return {"same": "error" in theirs, "kconfiglib": {"error": True}, "c": theirs}
    last = ours["states"][-1]
    lib = {"config": assignments(last["config"]), "min": assignments(last["min"])}
    if lib == theirs:
        return {"same": True}
    return {"same": False, "kconfiglib": lib, "c": theirs}


def save(name, value):
    path = os.path.join(TESTS, "fixtures", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write("{\n%s\n}\n" % ",\n".join(
            "%s: %s" % (json.dumps(key), json.dumps(entry, ensure_ascii=False)) for key, entry in value.items()))


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "corpus"
    if mode == "serve":
        for line in sys.stdin:
            sys.stdout.write(json.dumps(run_case(json.loads(line))) + "\n")
            sys.stdout.flush()
    elif mode == "corpus":
        results = {name: run_case(case) for name, case in corpus_cases()}
        save("corpus.json", results)
        for name, result in results.items():
            if "states" not in result:
                print(name, result)
        print("%d cases" % len(results))
    elif mode == "c-tools":
        results = {name: c_compare(case) for name, case in corpus_cases()}
        save("c-tools.json", results)
        print("%d cases, %d differ" % (len(results), sum(not result["same"] for result in results.values())))
    else:
        sys.exit("usage: oracle.py corpus|c-tools|serve")


main()
