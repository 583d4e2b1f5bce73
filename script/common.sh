# What the scripts share: where the tree is, which build they use, and how they find Lua files in it.
# Sourced, never run. AKS_PRESET (release, debug, sanitize) chooses the build.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=${AKS_PRESET:-release}
build=$root/build/$preset
lua=${AKS_LUA:-lua5.4}

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# tree_first PATTERNS REST: a search path with the tree's patterns first, once. ';;' stands for Lua's own path.
tree_first() {
  local patterns=$1 rest=${2:-;;}
  case "$rest" in
    "$patterns"*) printf '%s' "$rest" ;;
    ";"*) printf '%s' "$patterns$rest" ;;
    *) printf '%s' "$patterns;$rest" ;;
  esac
}

# Makes `require "aks"` mean this tree. LUA_PATH_5_4 would win over LUA_PATH, so its value moves there.
use_tree() {
  LUA_PATH=$(tree_first "$root/lua/?.lua;$root/lua/?/init.lua" "${LUA_PATH_5_4:-${LUA_PATH:-}}")
  LUA_CPATH=$(tree_first "$build/?.so" "${LUA_CPATH_5_4:-${LUA_CPATH:-}}")
  export LUA_PATH LUA_CPATH
  unset LUA_PATH_5_4 LUA_CPATH_5_4
}

build_if_missing() {
  [ -e "$build/aks/core.so" ] || "$root/script/build" "$preset" >&2
}
