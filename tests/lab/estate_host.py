# SPDX-License-Identifier: Apache-2.0
"""estate_host.py - the estate's state of hosts, and of their clusters, as far as the checks read them."""


def fill(estate):
    """Properties of a healthy estate."""


# name: what it plants, given an estate. In the first cluster: hosts esx01 to esx04, VMs app01-01 ...
DEFECTS = {}
