#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm_playbook.py FOLDER - turns what `migready describe --requests --facts` prints (standard input) into an Ansible playbook.

The same commands on the same hosts: FOLDER gets hosts, host_vars/HOST.yaml (its commands, which are no templates) and playbook.yaml.
Prints how many commands there are.
"""

import json
import pathlib
import re
import sys

START = re.compile(r"^ssh -p \d+ [^@ ]+@(\S+) ")
PLAYBOOK = """- hosts: all
  gather_facts: false
  strategy: free
  tasks:
    - ansible.builtin.shell: {cmd: "{{ item }}"}
      args: {executable: /bin/sh}
      environment: {LC_ALL: C}
      loop: "{{ commands }}"
      loop_control: {label: ""}
      changed_when: false
      failed_when: false
"""


def commands(lines):
    """Of each host: a command begins with `ssh`, and goes on until the next one does. ADDRESS stands for hosts of which none is asked."""
    found, host = {}, None
    for line in lines:
        begin = START.match(line)
        if begin:
            host = begin.group(1)
            found.setdefault(host, []).append(line[begin.end():])
        elif host:
            found[host][-1] += line
    found.pop("ADDRESS", None)
    return found


def main():
    folder, found = pathlib.Path(sys.argv[1]), commands(sys.stdin)
    (folder / "host_vars").mkdir(parents=True)
    for host, own in found.items():
        text = "".join(f"  - !unsafe {json.dumps(command)}\n" for command in own)
        (folder / "host_vars" / f"{host}.yaml").write_text("commands:\n" + text)
    (folder / "hosts").write_text("".join(f"{host}\n" for host in found))
    (folder / "playbook.yaml").write_text(PLAYBOOK)
    print(sum(len(own) for own in found.values()))


if __name__ == "__main__":
    main()
