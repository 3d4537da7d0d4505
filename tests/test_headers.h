// The precompiled header of the larger suites.
#include "standard_headers.h"
#include "catch.h"
