# shellcheck shell=bash disable=SC2034
# The beginning of what script/package runs as root and the first process of a namespace of its own, with the
# arguments WORK RELEASE MIRROR and more. Sourced first, for $work, $release and $mirror and what system.sh has.
set -euo pipefail
work=$1 release=$2 mirror=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
trap 'exit 130' INT TERM HUP
# The processes of this namespace.
mount -t proc proc /proc
# shellcheck source=script/lib/common.sh
. "$here/common.sh"
# shellcheck source=script/lib/system.sh
. "$here/system.sh"
export LC_ALL=C.UTF-8
