#pragma once
#include <isa-l/crc.h>
#include <zlib.h>
