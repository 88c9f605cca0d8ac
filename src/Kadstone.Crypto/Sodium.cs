using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kadstone.Crypto;

/// <summary>The libsodium functions that this project calls, one to one.</summary>
internal static unsafe partial class Sodium
{
    private const string Library = "libsodium";

#pragma warning disable CA2255 // The resolver must stand before the first call of any class here.
    [ModuleInitializer]
    internal static void Initialize()
#pragma warning restore CA2255
    {
        NativeLibrary.SetDllImportResolver(typeof(Sodium).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        // Debian and Fedora, then the development link, macOS, Windows.
        foreach (string candidate in (ReadOnlySpan<string>)["libsodium.so.23", "libsodium.so", "libsodium.dylib", "libsodium.23.dylib", "libsodium"])
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out nint handle))
            {
                // Picks the implementations for this processor; safe to repeat, and from any thread.
                if (((delegate* unmanaged<int>)NativeLibrary.GetExport(handle, "sodium_init"))() < 0)
                {
                    throw new DllNotFoundException("libsodium is installed, but it could not start (sodium_init failed).");
                }

                return handle;
            }
        }

        throw new DllNotFoundException("libsodium is not installed. On Debian and Ubuntu: apt-get install libsodium23.");
    }

    // No callback, no lock, some nanoseconds: the transition to preemptive mode would cost more than the call.
    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int crypto_shorthash(byte* hash, byte* message, ulong length, byte* key);

    [LibraryImport(Library)]
    internal static partial int crypto_generichash(byte* digest, nuint digestLength, byte* message, ulong length, byte* key, nuint keyLength);

    [LibraryImport(Library)]
    internal static partial int crypto_sign_ed25519_seed_keypair(byte* publicKey, byte* secretKey, byte* seed);

    [LibraryImport(Library)]
    internal static partial int crypto_sign_ed25519_detached(byte* signature, ulong* signatureLength, byte* message, ulong length, byte* secretKey);

    [LibraryImport(Library)]
    internal static partial int crypto_sign_ed25519_verify_detached(byte* signature, byte* message, ulong length, byte* publicKey);

    [LibraryImport(Library)]
    internal static partial int crypto_hash_sha512_init(Sha512State* state);

    [LibraryImport(Library)]
    internal static partial int crypto_hash_sha512_update(Sha512State* state, byte* input, ulong length);

    [LibraryImport(Library)]
    internal static partial int crypto_hash_sha512_final(Sha512State* state, byte* digest);

    [LibraryImport(Library)]
    internal static partial void crypto_core_ed25519_scalar_reduce(byte* scalar, byte* wide);

    [LibraryImport(Library)]
    internal static partial void crypto_core_ed25519_scalar_mul(byte* product, byte* left, byte* right);

    [LibraryImport(Library)]
    internal static partial void crypto_core_ed25519_scalar_add(byte* sum, byte* left, byte* right);

    [LibraryImport(Library)]
    internal static partial int crypto_scalarmult_ed25519_base_noclamp(byte* point, byte* scalar);

    [LibraryImport(Library)]
    internal static partial int crypto_core_ed25519_is_valid_point(byte* point);

    [LibraryImport(Library)]
    internal static partial int crypto_scalarmult_curve25519_base(byte* publicKey, byte* privateKey);

    [LibraryImport(Library)]
    internal static partial int crypto_scalarmult_curve25519(byte* secret, byte* privateKey, byte* publicKey);

    /// <summary>crypto_hash_sha512_state: 8 words of state, 2 of count, a block of 128 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Sha512State
    {
        private fixed ulong _words[26];
    }
}
