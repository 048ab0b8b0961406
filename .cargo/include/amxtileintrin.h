/* GCC before 12.4 and 13.3 (Debian 12, Ubuntu 22.04) tells its optimiser that ldtilecfg reads only the first 8 of
 * its 64 bytes (GCC bug 114098).  ggml's AMX kernels then run with an empty tile configuration, and every prompt
 * dies with "illegal instruction" on a CPU that has AMX.  GCC's immintrin.h includes this file instead of its own
 * one, because .cargo/config.toml puts this folder into CPLUS_INCLUDE_PATH; compilers without the fault are served
 * just as well, and a compiler that has no AMX never asks for it. */
#pragma once
#include_next <amxtileintrin.h>

#if defined(__x86_64__)
#undef _tile_loadconfig
#define _tile_loadconfig(config) \
    __asm__ volatile("ldtilecfg\t%X0" : : "m"(*(const char (*)[64])(config)))
#endif
