#include "sts/txt_record.h"
