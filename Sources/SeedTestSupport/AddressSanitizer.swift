import Glibc

/// Whether this build has the address sanitizer, which takes memory of its own for each allocation.
package enum AddressSanitizer {
    package static let isOn = dlsym(nil, "__asan_init") != nil
}
