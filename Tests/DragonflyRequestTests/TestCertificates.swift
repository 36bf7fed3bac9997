/// An authority of our own and a certificate it gave to `origin.test` and 127.0.0.1. For tests on loopback only; valid for
/// a hundred years.
enum TestCertificates {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBnTCCAUOgAwIBAgIUTdR3vKR36cb90q6rZ7QkFzTxtrowCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYc2VlZC1wZWVyIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMTA2
        MjI1NloYDzIxMjYxMDI4MDYyMjU2WjAjMSEwHwYDVQQDDBhzZWVkLXBlZXIgdGVz
        dCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARTZZzIoDElzMrj
        jKdCLSj82fwGtL30i+0wJhG+ly9Eth9QpuWCkv+PNDPD/HPwB5mOvWVObPwG/d61
        oy4GD6AYo1MwUTAdBgNVHQ4EFgQUUZrW+KFjY0Kb15AvLWBaUQ7ZnaUwHwYDVR0j
        BBgwFoAUUZrW+KFjY0Kb15AvLWBaUQ7ZnaUwDwYDVR0TAQH/BAUwAwEB/zAKBggq
        hkjOPQQDAgNIADBFAiB1klAqGSjJ6bHseGzZ8aFAYZofpzGsfFp98y5wsK9uNQIh
        ANonLEHwHkCS3Dsl7uPaa6aKbWZrvCToFpKFpgA1HPzj
        -----END CERTIFICATE-----
        """

    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBvTCCAWSgAwIBAgIUQM2GEhqjek0/7P4nPchzq4KIQZ0wCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYc2VlZC1wZWVyIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMTA2
        MjI1NloYDzIxMjYxMDI4MDYyMjU2WjAWMRQwEgYDVQQDDAtvcmlnaW4udGVzdDBZ
        MBMGByqGSM49AgEGCCqGSM49AwEHA0IABFI0IYqH3W9qk7va0Yr2YON9T9Tf82hn
        WLPiphDY697NXvdbA2m6UncCV5p5xMrFebdmy0cCFvR90tMuXDlez/yjgYAwfjAc
        BgNVHREEFTATggtvcmlnaW4udGVzdIcEfwAAATAJBgNVHRMEAjAAMBMGA1UdJQQM
        MAoGCCsGAQUFBwMBMB0GA1UdDgQWBBTbAcX/DJbokBi4t3vqLA5TF3zdJTAfBgNV
        HSMEGDAWgBRRmtb4oWNjQpvXkC8tYFpRDtmdpTAKBggqhkjOPQQDAgNHADBEAiBR
        cXZQH6Sey2TkzTHhFFzl7jfIQy5KjPVH4cvtl8aRGgIgB6LTkU3jWjTH4GoQofV9
        76ApPiGdMUslfFNw/KMjQcc=
        -----END CERTIFICATE-----
        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgnLatb7I4g+YVgMEt
        vT9MHeSXzC5vZjsiMf3NjGYk+sChRANCAARSNCGKh91vapO72tGK9mDjfU/U3/No
        Z1iz4qYQ2OvezV73WwNpulJ3AleaecTKxXm3ZstHAhb0fdLTLlw5Xs/8
        -----END PRIVATE KEY-----
        """
}
