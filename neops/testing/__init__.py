"""The testing toolkit: prove blocks without devices."""
