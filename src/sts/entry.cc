#include "sts/entry.h"
