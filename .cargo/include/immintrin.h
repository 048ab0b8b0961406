/* On CPUs with AVX512-FP16 (Sapphire Rapids and later) ggml takes steps of 128 half-precision numbers and leaves what
 * is shorter to a scalar loop.  An attention head of 64 is shorter than a step, so with an f16 KV cache and flash
 * attention decode slows down several times as the cache fills; ggml's own release builds for these CPUs do not use the
 * extension.  Without this macro ggml takes its AVX-512 path with F16C conversions, as those builds do.  GCC and clang
 * find this file before their own because .cargo/config.toml puts this folder into their include paths. */
#pragma once
#include_next <immintrin.h>
#undef __AVX512FP16__
