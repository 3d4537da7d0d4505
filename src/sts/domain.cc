#include "sts/domain.h"
