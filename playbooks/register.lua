-- The provider of AKS, and the preview feature that API Server VNet Integration needed before it became generally
-- available: registered, and waited for. Where the feature is not needed any more, progress says so.
local aks = require "aks"

local azure = aks.connect {}
local provider = azure:provider "Microsoft.ContainerService"
local feature = azure:feature("Microsoft.ContainerService", "EnableAPIServerVnetIntegrationPreview")

provider:register()
feature:register()

return { provider = provider.registration_state, feature = feature.registration_state }
