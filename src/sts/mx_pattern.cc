#include "sts/mx_pattern.h"
