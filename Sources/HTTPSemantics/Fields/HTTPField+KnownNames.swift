extension HTTPField.Name {
    public static var host: Self { Self(.host) }
    public static var connection: Self { Self(.connection) }
    public static var contentLength: Self { Self(.contentLength) }
    public static var transferEncoding: Self { Self(.transferEncoding) }
    public static var expect: Self { Self(.expect) }
    public static var maxForwards: Self { Self(.maxForwards) }
    public static var via: Self { Self(.via) }
    public static var te: Self { Self(.te) }
    public static var trailer: Self { Self(.trailer) }
    public static var upgrade: Self { Self(.upgrade) }
    public static var keepAlive: Self { Self(.keepAlive) }
    public static var proxyConnection: Self { Self(.proxyConnection) }
    public static var proxyAuthorization: Self { Self(.proxyAuthorization) }
    public static var proxyAuthenticate: Self { Self(.proxyAuthenticate) }
    public static var proxyAuthenticationInfo: Self { Self(.proxyAuthenticationInfo) }
    public static var range: Self { Self(.range) }
    public static var ifMatch: Self { Self(.ifMatch) }
    public static var ifNoneMatch: Self { Self(.ifNoneMatch) }
    public static var ifModifiedSince: Self { Self(.ifModifiedSince) }
    public static var ifUnmodifiedSince: Self { Self(.ifUnmodifiedSince) }
    public static var ifRange: Self { Self(.ifRange) }
    public static var accept: Self { Self(.accept) }
    public static var acceptEncoding: Self { Self(.acceptEncoding) }
    public static var acceptLanguage: Self { Self(.acceptLanguage) }
    public static var authorization: Self { Self(.authorization) }
    public static var cookie: Self { Self(.cookie) }
    public static var userAgent: Self { Self(.userAgent) }
    public static var referer: Self { Self(.referer) }
    public static var origin: Self { Self(.origin) }
    public static var pragma: Self { Self(.pragma) }
    public static var date: Self { Self(.date) }
    public static var age: Self { Self(.age) }
    public static var eTag: Self { Self(.eTag) }
    public static var lastModified: Self { Self(.lastModified) }
    public static var expires: Self { Self(.expires) }
    public static var cacheControl: Self { Self(.cacheControl) }
    public static var cacheStatus: Self { Self(.cacheStatus) }
    public static var vary: Self { Self(.vary) }
    public static var contentType: Self { Self(.contentType) }
    public static var contentEncoding: Self { Self(.contentEncoding) }
    public static var contentLanguage: Self { Self(.contentLanguage) }
    public static var contentLocation: Self { Self(.contentLocation) }
    public static var contentRange: Self { Self(.contentRange) }
    public static var contentDisposition: Self { Self(.contentDisposition) }
    public static var contentMD5: Self { Self(.contentMD5) }
    public static var acceptRanges: Self { Self(.acceptRanges) }
    public static var location: Self { Self(.location) }
    public static var retryAfter: Self { Self(.retryAfter) }
    public static var allow: Self { Self(.allow) }
    public static var server: Self { Self(.server) }
    public static var link: Self { Self(.link) }
    public static var setCookie: Self { Self(.setCookie) }
    public static var setCookie2: Self { Self(.setCookie2) }
    public static var wwwAuthenticate: Self { Self(.wwwAuthenticate) }
    public static var altSvc: Self { Self(.altSvc) }
    public static var strictTransportSecurity: Self { Self(.strictTransportSecurity) }
    public static var reprDigest: Self { Self(.reprDigest) }
    public static var contentDigest: Self { Self(.contentDigest) }
    public static var amzChecksumSHA256: Self { Self(.amzChecksumSHA256) }
    public static var amzChecksumType: Self { Self(.amzChecksumType) }
}

/// The header fields of Dragonfly.
extension HTTPField.Name {
    public static var dragonflyUseP2P: Self { Self(.useP2P) }
    public static var dragonflyRegistry: Self { Self(.registry) }
    public static var dragonflyTag: Self { Self(.tag) }
    public static var dragonflyApplication: Self { Self(.application) }
    public static var dragonflyPriority: Self { Self(.priority) }
    public static var dragonflyFilteredQueryParams: Self { Self(.filteredQueryParams) }
    public static var dragonflyPrefetch: Self { Self(.prefetch) }
    public static var dragonflyPieceLength: Self { Self(.pieceLength) }
    public static var dragonflyContent: Self { Self(.contentForTaskID) }
    public static var dragonflyBlobDigest: Self { Self(.blobDigest) }
    public static var dragonflyOutputPath: Self { Self(.outputPath) }
    public static var dragonflyForceHardLink: Self { Self(.forceHardLink) }
    public static var dragonflyErrorType: Self { Self(.errorType) }
    public static var dragonflyTaskID: Self { Self(.taskID) }
    public static var dragonflyServerIP: Self { Self(.serverIP) }
    public static var dragonflyDownloadFinished: Self { Self(.downloadFinished) }

    /// Whether this field speaks to a seed peer, and not to the origin.
    public var isDragonfly: Bool { id.isDragonfly }
}
