using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

public sealed class KrpcReaderTests
{
    private const string Ping = "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";

    [Fact]
    public void Arguments_may_come_after_everything_else()
    {
        KrpcMessage message = Read("d1:y1:q1:t2:aa1:q9:get_peers1:ad4:wantl2:n6e9:info_hash20:mnopqrstuvwxyz1234562:id20:abcdefghij0123456789ee");

        message.Fault.ShouldBe(KrpcFault.None);
        message.Target.ShouldBe(Key160.Read("mnopqrstuvwxyz123456"u8));
        message.WantsIPv6.ShouldBeTrue();
        message.WantsIPv4.ShouldBeFalse();
    }

    [Fact]
    public void Of_a_key_that_occurs_twice_the_first_counts()
    {
        KrpcMessage message = Read("d1:ad2:id20:abcdefghij01234567892:id20:mnopqrstuvwxyz123456e1:q4:ping1:q3:put1:t2:aa1:t2:bb1:y1:q1:y1:re");

        message.Kind.ShouldBe(KrpcKind.Query);
        message.Method.ShouldBe(KrpcMethod.Ping);
        message.Id.ShouldBe(Key160.Read("abcdefghij0123456789"u8));
        Text(message.Transaction).ShouldBe("aa");
    }

    [Fact]
    public void A_query_takes_nothing_from_return_values_and_a_response_nothing_from_arguments()
    {
        Read("d1:q4:ping1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:qe").Fault.ShouldBe(KrpcFault.MissingId);
        Drop("d1:ad2:id20:abcdefghij0123456789e1:t2:aa1:y1:re").ShouldBe(Malformed.NoReturnValues);
        Read("d1:ad2:id20:abcdefghij0123456789e1:eli201ee1:t2:aa1:y1:ee").HasId.ShouldBeFalse();
    }

    [Fact]
    public void An_unknown_method_takes_target_before_info_hash()
    {
        KrpcMessage message = Read("d1:ad2:id20:abcdefghij01234567899:info_hash20:aaaaaaaaaaaaaaaaaaaa6:target20:bbbbbbbbbbbbbbbbbbbbe1:q4:vote1:t2:aa1:y1:qe");

        message.Method.ShouldBe(KrpcMethod.Unknown);
        message.HasTarget.ShouldBeTrue();
        message.Target.ShouldBe(Key160.Read("bbbbbbbbbbbbbbbbbbbb"u8));
    }

    [Fact]
    public void An_unknown_method_with_a_crooked_target_has_none() =>
        Read("d1:ad2:id20:abcdefghij01234567896:target3:bbbe1:q4:vote1:t2:aa1:y1:qe").HasTarget.ShouldBeFalse();

    [Theory]
    [InlineData("", nameof(Malformed.NotADictionary))]
    [InlineData("le", nameof(Malformed.NotADictionary))]
    [InlineData("d", nameof(Malformed.NotBencode))]
    [InlineData("de", nameof(Malformed.NoTransaction))]
    [InlineData("d1:ti1e1:y1:qe", nameof(Malformed.NoTransaction))]
    [InlineData("d1:t33:ttttttttttttttttttttttttttttttttt1:y1:qe", nameof(Malformed.TransactionTooLong))]
    [InlineData("d1:t2:aa1:y1:xe", nameof(Malformed.UnknownKind))]
    [InlineData("d1:t2:aae", nameof(Malformed.UnknownKind))]
    [InlineData("d1:t2:aa1:y1:re", nameof(Malformed.NoReturnValues))]
    [InlineData("d1:rde1:t2:aa1:y1:re", nameof(Malformed.NoId))]
    [InlineData("d1:t2:aa1:y1:ee", nameof(Malformed.BadError))]
    [InlineData("d1:eli201e1:xe1:t2:aa1:y1:ee ", nameof(Malformed.TrailingBytes))]
    [InlineData("d1:zi18446744073709551616e1:t2:aa1:y1:qe", nameof(Malformed.NumberTooLarge))]
    public void What_is_dropped_is_counted_by_its_reason(string packet, string reason) => Drop(packet).ToString().ShouldBe(reason);

    [Fact]
    public void Depth_is_bounded()
    {
        string deep = new string('l', 33) + new string('e', 33);
        Drop($"d1:ad2:id20:abcdefghij01234567891:z{deep}e1:q4:ping1:t2:aa1:y1:qe").ShouldBe(Malformed.TooDeep);
        Read($"d1:ad2:id20:abcdefghij01234567891:z{deep[1..^1]}e1:q4:ping1:t2:aa1:y1:qe").Fault.ShouldBe(KrpcFault.None);
    }

    [Theory]
    [InlineData('q', 2048, true)]
    [InlineData('q', 2049, false)]
    [InlineData('r', 9216, true)]
    [InlineData('r', 9217, false)]
    public void A_query_has_up_to_2048_bytes_and_a_response_up_to_9216(char kind, int length, bool read)
    {
        string body = kind == 'q' ? "1:ad2:id20:abcdefghij0123456789e1:q4:ping" : "1:rd2:id20:abcdefghij0123456789e";
        string start = $"d{body}1:t2:aa1:y1:{kind}1:z";
        int filling = length - start.Length - "0000:e".Length;
        string packet = $"{start}{filling:0000}:{new string('z', filling)}e";

        KrpcReader.TryRead(Encoding.ASCII.GetBytes(packet), out _, out Malformed why).ShouldBe(read, why.ToString());

        packet.Length.ShouldBe(length);
        why.ShouldBe(read ? Malformed.None : Malformed.TooLong);
    }

    [Theory]
    [InlineData("5:token1:t1:v1:x", nameof(KrpcFault.None))]
    [InlineData("1:v1:x", nameof(KrpcFault.MissingToken))]
    [InlineData("5:token0:1:v1:x", nameof(KrpcFault.BadToken))]
    [InlineData("5:tokeni1e1:v1:x", nameof(KrpcFault.BadToken))]
    [InlineData("5:token1:t", nameof(KrpcFault.BadValue))]
    [InlineData("5:token1:t1:vi-0e", nameof(KrpcFault.BadValue))]
    [InlineData("1:k1:x5:token1:t1:v1:x", nameof(KrpcFault.BadKey))]
    [InlineData("SIG5:token1:t1:v1:x", nameof(KrpcFault.BadKey))]
    [InlineData("KEY3:seqi1e5:token1:t1:v1:x", nameof(KrpcFault.BadSignature))]
    [InlineData("KEY3:seqi1e3:sig1:x5:token1:t1:v1:x", nameof(KrpcFault.BadSignature))]
    [InlineData("KEYSIG5:token1:t1:v1:x", nameof(KrpcFault.BadSequence))]
    [InlineData("KEY3:seq1:1SIG5:token1:t1:v1:x", nameof(KrpcFault.BadSequence))]
    [InlineData("KEY3:seqi9223372036854775808eSIG5:token1:t1:v1:x", nameof(KrpcFault.BadSequence))]
    [InlineData("KEY3:seqi9223372036854775807eSIG5:token1:t1:v1:x", nameof(KrpcFault.None))]
    [InlineData("KEY4:salti1e3:seqi1eSIG5:token1:t1:v1:x", nameof(KrpcFault.BadSalt))]
    [InlineData("3:cas1:1KEY3:seqi1eSIG5:token1:t1:v1:x", nameof(KrpcFault.BadCas))]
    [InlineData("3:casi9223372036854775808eKEY3:seqi1eSIG5:token1:t1:v1:x", nameof(KrpcFault.BadCas))]
    public void A_put_is_judged_argument_by_argument(string arguments, string fault)
    {
        string filled = arguments
            .Replace("KEY", "1:k32:" + new string('k', 32), StringComparison.Ordinal)
            .Replace("SIG", "3:sig64:" + new string('s', 64), StringComparison.Ordinal);

        Read($"d1:ad2:id20:abcdefghij0123456789{filled}e1:q3:put1:t2:aa1:y1:qe").Fault.ToString().ShouldBe(fault);
    }

    [Theory]
    [InlineData("4:porti6881e", nameof(KrpcFault.None))]
    [InlineData("4:porti0e", nameof(KrpcFault.BadPort))]
    [InlineData("4:porti65535e", nameof(KrpcFault.None))]
    [InlineData("4:porti65536e", nameof(KrpcFault.BadPort))]
    [InlineData("4:porti18446744073709551615e", nameof(KrpcFault.BadPort))]
    [InlineData("", nameof(KrpcFault.BadPort))]
    [InlineData("12:implied_porti1e", nameof(KrpcFault.None))]
    [InlineData("12:implied_porti1e4:porti0e", nameof(KrpcFault.None))]
    [InlineData("12:implied_porti0e4:porti0e", nameof(KrpcFault.BadPort))]
    public void An_announced_port_is_between_1_and_65535_unless_implied(string arguments, string fault) =>
        Read($"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456{arguments}5:token1:te1:q13:announce_peer1:t2:aa1:y1:qe").Fault.ToString().ShouldBe(fault);

    [Fact]
    public void A_token_of_more_than_64_bytes_is_none()
    {
        Read($"d1:rd2:id20:abcdefghij01234567895:token64:{new string('t', 64)}e1:t2:aa1:y1:re").HasToken.ShouldBeTrue();
        Read($"d1:rd2:id20:abcdefghij01234567895:token65:{new string('t', 65)}e1:t2:aa1:y1:re").HasToken.ShouldBeFalse();
    }

    [Fact]
    public void A_negative_sequence_number_in_a_response_is_none() =>
        Read("d1:rd2:id20:abcdefghij01234567893:seqi-1ee1:t2:aa1:y1:re").HasSequence.ShouldBeFalse();

    [Fact]
    public void Return_values_of_a_wrong_type_are_absent()
    {
        KrpcMessage message = Read("d2:ipi1e1:rd2:id20:abcdefghij01234567898:interval1:x1:ki1e5:nodesi1e6:nodes6le3:numle7:samplesde3:seq1:x3:sigi1e5:tokende6:valuesdee1:t2:aa1:v1:x1:y1:re");

        message.HasInterval.ShouldBeFalse();
        message.HasNum.ShouldBeFalse();
        message.HasSequence.ShouldBeFalse();
        message.HasToken.ShouldBeFalse();
        message.PublicKey.IsEmpty.ShouldBeTrue();
        message.Signature.IsEmpty.ShouldBeTrue();
        message.Nodes.IsEmpty.ShouldBeTrue();
        message.Nodes6.IsEmpty.ShouldBeTrue();
        message.Samples.IsEmpty.ShouldBeTrue();
        message.ExternalAddress.IsEmpty.ShouldBeTrue();
        message.Values.Count.ShouldBe(0);
    }

    [Fact]
    public void The_text_of_an_error_is_cut_and_a_huge_code_is_brought_down()
    {
        KrpcMessage message = Read($"d1:eli9223372036854775807e200:{new string('x', 200)}3:mene1:t2:aa1:y1:ee");

        message.ErrorCode.ShouldBe(int.MaxValue);
        message.ErrorText.Length.ShouldBe(KrpcReader.MaxErrorTextLength);
    }

    [Fact]
    public void No_wire_integer_overflows() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Elements("port", "seed", "noseed", "scrape", "implied_port", "seq", "cas", "interval", "num", "ro").ToArbitrary(),
        Gen.OneOf(ArbMap.Default.GeneratorFor<ulong>(), Gen.Elements<ulong>(0, 1, 65535, 65536, int.MaxValue, 1UL << 31, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue)).ToArbitrary(),
        ArbMap.Default.ArbFor<bool>(),
        static (key, magnitude, negative) =>
        {
            string field = $"{key.Length}:{key}i{(negative ? "-" : string.Empty)}{magnitude}e";
            foreach (char kind in "qr")
            {
                string packet = $"d1:{(kind == 'q' ? 'a' : 'r')}d2:id20:abcdefghij0123456789{field}e{field}1:q4:ping1:t2:aa1:y1:{kind}e";
                if (!KrpcReader.TryRead(Encoding.ASCII.GetBytes(packet), out KrpcMessage message, out _) || message.Interval is < 0 or > KrpcReader.MaxInterval || message.Num < 0)
                {
                    return false;
                }
            }

            return true;
        }));

    [Fact]
    public void Every_cut_of_a_packet_is_dropped()
    {
        byte[] packet = Encoding.ASCII.GetBytes(Ping);
        for (int length = 0; length < packet.Length; length++)
        {
            KrpcReader.TryRead(packet.AsSpan(0, length), out _, out Malformed why).ShouldBeFalse();
            why.ShouldBe(length == 0 ? Malformed.NotADictionary : Malformed.NotBencode);
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static KrpcMessage Read(string packet)
    {
        KrpcReader.TryRead(Encoding.Latin1.GetBytes(packet), out KrpcMessage message, out Malformed why).ShouldBeTrue(why.ToString());
        return message;
    }

    private static Malformed Drop(string packet)
    {
        KrpcReader.TryRead(Encoding.Latin1.GetBytes(packet), out _, out Malformed why).ShouldBeFalse();
        return why;
    }
}
