#pragma once
/* First, because libevent's own headers define _GNU_SOURCE, under which fd_set has other member names: without this the
   module disagrees with the C library's about it. */
#include <sys/select.h>

#include <event2/event.h>
#include <event2/util.h>
