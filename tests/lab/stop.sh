#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# stop.sh - ends what start.sh began.
set -euo pipefail

work=$(cd "$(dirname "$0")" && pwd)/.run
. "$(dirname "$0")/lab.sh"
lab_stop
rm -rf "$work"
