#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stddef.h>

// curl's setopt functions are variadic, which Swift cannot call: one typed function for each kind of argument.

typedef size_t (*seed_curl_data_callback)(char *bytes, size_t size, size_t count, void *user);
typedef int (*seed_curl_prerequest_callback)(
    void *user, char *remote_ip, char *local_ip, int remote_port, int local_port);
typedef int (*seed_curl_socket_callback)(CURL *handle, curl_socket_t socket, int what, void *user, void *entry);
typedef int (*seed_curl_timer_callback)(CURLM *multi, long milliseconds, void *user);
typedef curl_socket_t (*seed_curl_opensocket_callback)(void *user, curlsocktype purpose, struct curl_sockaddr *address);

typedef int (*seed_curl_closesocket_callback)(void *user, curl_socket_t socket);
typedef int (*seed_curl_debug_callback)(CURL *handle, curl_infotype kind, char *bytes, size_t count, void *user);

static inline CURLcode seed_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

// A count of bytes; `long` has 32 bits on some platforms.
static inline CURLcode seed_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode seed_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode seed_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

// The bytes must live as long as the handle.
static inline CURLcode seed_curl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_NOCOPY};
    return curl_easy_setopt(handle, option, &blob);
}

static inline CURLcode seed_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode seed_curl_set_data_callback(CURL *handle, CURLoption option, seed_curl_data_callback value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode seed_curl_set_opensocket_callback(CURL *handle, seed_curl_opensocket_callback value) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode seed_curl_set_closesocket_callback(CURL *handle, seed_curl_closesocket_callback value) {
    return curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, value);
}

static inline CURLcode seed_curl_set_debug_callback(CURL *handle, seed_curl_debug_callback value) {
    return curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, value);
}

static inline CURLcode seed_curl_set_prerequest_callback(CURL *handle, seed_curl_prerequest_callback value) {
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, value);
}

static inline void seed_curl_multi_set_socket_callback(CURLM *multi, seed_curl_socket_callback value, void *user) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, user);
}

static inline void seed_curl_multi_set_timer_callback(CURLM *multi, seed_curl_timer_callback value, void *user) {
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, user);
}

// Before cleanup: what the callbacks would reach is going away.
static inline void seed_curl_multi_clear_callbacks(CURLM *multi) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, NULL);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, NULL);
}

static inline CURLSHcode seed_curl_share_data(CURLSH *share, curl_lock_data data) {
    return curl_share_setopt(share, CURLSHOPT_SHARE, data);
}

static inline CURLMcode seed_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// A pointer into the C struct: Swift would copy the 16 bytes of `addr` and lose the rest of an IPv6 address.
static inline const struct sockaddr *seed_curl_address(const struct curl_sockaddr *address) { return &address->addr; }

// The TLS of the connection that the handle uses; NULL without.
static inline const SSL *seed_curl_tls(CURL *handle) {
    const struct curl_tlssessioninfo *session = NULL;
    if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session) return NULL;
    return session->backend == CURLSSLBACKEND_OPENSSL ? (const SSL *)session->internals : NULL;
}

// Bytes that OpenSSL holds for the handle's connection: the socket doesn't show them.
static inline int seed_curl_has_unread_tls(CURL *handle) {
    const SSL *tls = seed_curl_tls(handle);
    return tls && SSL_has_pending(tls);
}

static inline int seed_curl_speaks_http2(CURL *handle) {
    const SSL *tls = seed_curl_tls(handle);
    const unsigned char *protocol = NULL;
    unsigned int length = 0;
    if (tls) SSL_get0_alpn_selected(tls, &protocol, &length);
    return length == 2 && protocol[0] == 'h' && protocol[1] == '2';
}

// The message is a union; only DONE carries a result.
static inline CURLcode seed_curl_result(const CURLMsg *message) { return message->data.result; }

// Values that are macros of casts, which Swift does not import.
static inline curl_socket_t seed_curl_socket_bad(void) { return CURL_SOCKET_BAD; }
static inline curl_socket_t seed_curl_socket_timeout(void) { return CURL_SOCKET_TIMEOUT; }
static inline CURLcode seed_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_ALL); }

// Where curl was built to look for the system's authorities; either may be NULL.
static inline const char *seed_curl_authority_file(void) { return curl_version_info(CURLVERSION_NOW)->cainfo; }
static inline const char *seed_curl_authority_directory(void) { return curl_version_info(CURLVERSION_NOW)->capath; }
