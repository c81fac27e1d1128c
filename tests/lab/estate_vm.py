# SPDX-License-Identifier: Apache-2.0
"""estate_vm.py - the estate's settings, devices and resources of virtual machines, as far as the checks read them."""


def fill(estate):
    """Properties of a healthy estate."""


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
DEFECTS = {}
