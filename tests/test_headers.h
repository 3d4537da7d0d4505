// The precompiled header of the larger suites.
#include "catch.h"
#include "standard_headers.h"
