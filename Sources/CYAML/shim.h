#pragma once
// Nothing but the library's own header: its functions, the event's union and the enumerations import as they are.
#include <yaml.h>
