#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lesser_qemu.py FROM TO LACKS... - a copy of a QEMU that lacks processor features (popcnt) or machine types (pc-q35-7.2).

That is a QEMU for which these do not exist, not one that hides them: libvirt learns so when it asks it, and a guest that needs them
fails as with an older QEMU. Features are of emulated processors only, and those of CPUID leaf 1, register ECX.
"""
import struct
import sys

BITS = {
    "pni": 0, "pclmulqdq": 1, "monitor": 3, "ssse3": 9, "fma": 12, "cx16": 13, "sse4.1": 19, "sse4.2": 20, "movbe": 22, "popcnt": 23,
    "aes": 25, "xsave": 26, "avx": 28, "f16c": 29, "rdrand": 30, "hypervisor": 31,
}
# What QEMU 7.2 can emulate of that register, as its table of features has it.
EMULATED = struct.pack("<Q", sum(1 << bit for bit in BITS.values()))


def replaced(binary, old, new):
    if binary.count(old) != 1:
        sys.exit(f"lesser_qemu.py: {old!r} is {binary.count(old)} times in this QEMU, not once")
    return binary.replace(old, new)


def without_features(binary, features):
    mask = sum(1 << bit for name, bit in BITS.items() if name not in features)
    return replaced(binary, EMULATED, struct.pack("<Q", mask))


def without_machine(binary, name):
    old = f"\0{name}-machine\0".encode()
    family, version = name.rsplit("-", 1)
    return replaced(binary, old, f"\0{family}-{'0' * len(version)}-machine\0".encode())


def main():
    source, target, *lacks = sys.argv[1:]
    with open(source, "rb") as file:
        binary = file.read()
    features = [name for name in lacks if name in BITS]
    if features:
        binary = without_features(binary, features)
    for name in lacks:
        if name not in BITS:
            binary = without_machine(binary, name)
    with open(target, "wb") as file:
        file.write(binary)


main()
