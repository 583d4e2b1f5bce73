-- The rock, from the source tree: luarocks --lua-version 5.4 make rockspec/aks-scm-1.rockspec
rockspec_format = "3.0"
package = "aks"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "Azure Kubernetes Service with API Server VNet Integration, from Lua",
  detailed = [[
    Provisions and operates AKS clusters with API Server VNet Integration through Azure Resource Manager: as playbooks
    for the aks command, or embedded in a Lua host with its own event loop. Brings a simulator of Azure for tests.]],
  license = "MIT",
}
supported_platforms = { "linux" }
dependencies = { "lua ~> 5.4", "argparse >= 0.7", "dkjson >= 2.5" }
external_dependencies = {
  CURL = { library = "curl" },
  JANSSON = { header = "jansson.h", library = "jansson" },
  CRYPTO = { header = "openssl/evp.h", library = "crypto" },
  YAML = { header = "yaml.h", library = "yaml" },
  MICROHTTPD = { header = "microhttpd.h", library = "microhttpd" },
  ZLIB = { header = "zlib.h", library = "z" },
}
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    CMAKE_C_FLAGS = "$(CFLAGS)",
    LUA_INCLUDE_DIR = "$(LUA_INCDIR)",
    AKS_INST_LIBDIR = "$(LIBDIR)",
    AKS_INST_LUADIR = "$(LUADIR)",
    AKS_INST_BINDIR = "$(BINDIR)",
  },
}
test_dependencies = { "busted >= 2.1" }
test = { type = "busted" }
