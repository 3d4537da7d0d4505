#include "process/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdint>

namespace tlspolicyd {
namespace {

constexpr std::uint32_t kRootKeeps = 1U << CAP_DAC_OVERRIDE | 1U << CAP_CHOWN;

// The set call needs no rights for less than there is. Both capabilities of `low` are in
// the first word.
Result<void> keep(std::uint32_t low) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return fail_errno("capget");
  low &= sets[0].permitted;
  sets = {};
  sets[0].effective = sets[0].permitted = low;
  if (syscall(SYS_capset, &header, sets.data()) != 0) return fail_errno("capset");
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // gone with the inheritable ones anyhow
  return {};
}

}  // namespace

void empty_bounding_set() {
  for (unsigned long one = 0; prctl(PR_CAPBSET_READ, one, 0, 0, 0) >= 0; ++one) prctl(PR_CAPBSET_DROP, one, 0, 0, 0);
}

Result<void> give_up_capabilities() { return keep(geteuid() == 0 ? kRootKeeps : 0); }

Result<void> give_up_all_capabilities() { return keep(0); }

}  // namespace tlspolicyd
