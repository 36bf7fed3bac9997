#pragma once

/* A library to be preloaded into a program under test (LD_PRELOAD): it fails reads and writes of files as a bad disk
   would. The file that FAULTY_DISK names says which, as "CALL ERRNO PART": CALL is pread or pwrite, ERRNO a number,
   PART what the path of the failing files contains. While there is no such file nothing fails. */
