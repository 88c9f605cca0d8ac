using Microsoft.Extensions.Options;

namespace Kadstone.Hosting.Networks;

/// <summary>What is wrong with the options, told when the host starts.</summary>
internal sealed class OptionsCheck : IValidateOptions<KadstoneOptions>
{
    public ValidateOptionsResult Validate(string? name, KadstoneOptions options)
    {
        try
        {
            options.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (KadstoneSetupException exception)
        {
            return ValidateOptionsResult.Fail(exception.Message);
        }
    }
}
