#include "sts/decide.h"
