#include "sts/policy.h"
